package store

import (
	"context"
	"fmt"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/deadletter"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
)

// maxErrorBytes bounds how much of an error a dead letter keeps.
const maxErrorBytes = 2000

// A FailedEvent is an event that a consumer gives up.
type FailedEvent struct {
	// Consumer gave it up.
	Consumer string
	// EventID and Type name the event.
	EventID int64
	Type    string
	// AggregateID and Payload are what has to be sent again.
	AggregateID int64
	Payload     []byte
	// Attempts is how often it was tried, Err what the last try failed with.
	Attempts int
	Err      error
}

// Bury lays an event that a consumer gave up among the dead letters, where it stays until it has been replayed.
func (s *Store) Bury(ctx context.Context, f FailedEvent) error {
	text := f.Err.Error()
	if len(text) > maxErrorBytes {
		text = text[:maxErrorBytes]
	}
	return s.For(owner).Write(ctx, func(tx *Tx) error {
		letter, err := tx.DeadLetter.Query().Where(deadletter.Consumer(f.Consumer), deadletter.EventID(f.EventID)).Only(ctx)
		switch {
		case ent.IsNotFound(err):
			letter, err = tx.DeadLetter.Create().SetID(tx.NewID()).
				SetConsumer(f.Consumer).SetEventID(f.EventID).SetType(f.Type).
				SetAggregateID(f.AggregateID).SetPayload(f.Payload).
				SetError(text).SetAttempts(f.Attempts).Save(ctx)
		case err == nil:
			letter, err = letter.Update().SetError(text).AddAttempts(f.Attempts).Save(ctx)
		}
		if err != nil {
			return err
		}
		return tx.Emit(&busv1.DeadLettered{
			LetterId: letter.ID, Consumer: letter.Consumer, EventId: letter.EventID,
			EventType: letter.Type, Error: text, Attempts: int32(letter.Attempts),
		})
	})
}

// DeadLetters answers the dead letters of a consumer, or of all when it is empty, oldest first.
func (s *Store) DeadLetters(ctx context.Context, consumer string) ([]*ent.DeadLetter, error) {
	query := s.For(owner).DeadLetter.Query().Order(deadletter.ByID())
	if consumer != "" {
		query.Where(deadletter.Consumer(consumer))
	}
	return query.All(ctx)
}

// Replay sends dead letters to their consumers again. Each stays until it has been consumed. It answers how many there
// were; an id without a letter is an error, and then none is sent.
func (s *Store) Replay(ctx context.Context, letters ...int64) (int, error) {
	sent := 0
	err := s.For(owner).Write(ctx, func(tx *Tx) error {
		found, err := tx.DeadLetter.Query().Where(deadletter.IDIn(letters...)).Order(deadletter.ByID()).All(ctx)
		if err != nil {
			return err
		}
		if len(found) != len(letters) {
			return fmt.Errorf("%d of the %d ids are dead letters: list them with pulse dlq list", len(found), len(letters))
		}
		sent = len(found)
		for _, letter := range found {
			tx.events = append(tx.events, &ent.OutboxEvent{
				ID: tx.NewID(), EventID: letter.EventID, Type: letter.Type,
				AggregateID: letter.AggregateID, Payload: letter.Payload, Consumer: letter.Consumer,
			})
		}
		return tx.DeadLetter.Update().Where(deadletter.IDIn(letters...)).SetReplayedAt(tx.Now).Exec(ctx)
	})
	return sent, err
}
