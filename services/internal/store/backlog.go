package store

import (
	"context"
	"fmt"
	"time"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/deadletter"
	"github.com/pulse-social/pulse/ent/outboxevent"
	"github.com/pulse-social/pulse/services/internal/id"
)

// A Backlog is what has become of events that are not where they should be.
type Backlog struct {
	// Pending is how many events wait to be published.
	Pending int
	// Waiting is how long the oldest of them has waited; 0 when there is none.
	Waiting time.Duration
	// DeadLetters is how many events each consumer gave up, by its name.
	DeadLetters map[string]int
}

// Backlog answers what there is of it now.
func (s *Store) Backlog(ctx context.Context) (b Backlog, err error) {
	db := s.For(owner)
	waiting := db.OutboxEvent.Query().Where(outboxevent.PublishedAtIsNil())
	if b.Pending, err = waiting.Clone().Count(ctx); err != nil {
		return b, fmt.Errorf("count pending events: %w", err)
	}
	if b.Pending > 0 {
		oldest, err := waiting.Order(outboxevent.ByID()).FirstID(ctx)
		if err != nil && !ent.IsNotFound(err) { // They may have been published meanwhile.
			return b, fmt.Errorf("find the oldest pending event: %w", err)
		}
		if err == nil {
			b.Waiting = max(0, s.now().Sub(id.Time(oldest)))
		}
	}
	var rows []struct {
		Consumer string
		Count    int
	}
	if err := db.DeadLetter.Query().GroupBy(deadletter.FieldConsumer).Aggregate(ent.Count()).Scan(ctx, &rows); err != nil {
		return b, fmt.Errorf("count dead letters: %w", err)
	}
	b.DeadLetters = make(map[string]int, len(rows))
	for _, row := range rows {
		b.DeadLetters[row.Consumer] = row.Count
	}
	return b, nil
}
