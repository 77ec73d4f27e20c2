package store

import (
	"context"
	"fmt"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/deadletter"
	"github.com/pulse-social/pulse/ent/inboxentry"
)

// Fresh answers those of the events whose effect the consumer has not had yet, and records in this transaction that it
// has it now. So an event that comes again changes nothing, however often and however late it comes.
func (tx *Tx) Fresh(ctx context.Context, consumer string, events []int64) (map[int64]bool, error) {
	seen, err := tx.own.InboxEntry.Query().
		Where(inboxentry.Consumer(consumer), inboxentry.EventIDIn(events...)).
		Select(inboxentry.FieldEventID).Ints(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the inbox of %s: %w", consumer, err)
	}
	fresh := make(map[int64]bool, len(events))
	for _, event := range events {
		fresh[event] = true
	}
	for _, event := range seen {
		delete(fresh, int64(event))
	}
	entries := make([]*ent.InboxEntryCreate, 0, len(fresh))
	for event := range fresh {
		entries = append(entries, tx.own.InboxEntry.Create().
			SetID(tx.NewID()).SetConsumer(consumer).SetEventID(event).SetAppliedAt(tx.Now))
	}
	if err := tx.own.InboxEntry.CreateBulk(entries...).Exec(ctx); err != nil {
		return nil, fmt.Errorf("write the inbox of %s: %w", consumer, err)
	}
	_, err = tx.own.DeadLetter.Delete().Where(deadletter.Consumer(consumer), deadletter.EventIDIn(events...)).Exec(ctx)
	return fresh, err
}
