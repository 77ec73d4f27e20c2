package store

import (
	"context"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent/deadletter"
	"github.com/pulse-social/pulse/ent/idempotencyrecord"
	"github.com/pulse-social/pulse/ent/inboxentry"
	"github.com/pulse-social/pulse/ent/outboxevent"
	"github.com/pulse-social/pulse/services/internal/id"
)

// Prune deletes rows that have served their time. An event that lies in the dead letters stays. Ids tell when rows were made, so
// that the primary keys find them: every process looks each minute, among the rows of days.
func (s *Store) Prune(ctx context.Context) error {
	return s.For(owner).Write(ctx, func(tx *Tx) error {
		_, err := tx.OutboxEvent.Delete().Where(
			outboxevent.IDLT(id.At(tx.Now.Add(-OutboxKept))), outboxevent.PublishedAtLT(tx.Now.Add(-OutboxKept)),
			func(events *entsql.Selector) {
				letters := entsql.Table(deadletter.Table)
				events.Where(entsql.NotIn(events.C(outboxevent.FieldEventID), entsql.Select(letters.C(deadletter.FieldEventID)).From(letters)))
			},
		).Exec(ctx)
		if err != nil {
			return err
		}
		if _, err := tx.InboxEntry.Delete().Where(inboxentry.IDLT(id.At(tx.Now.Add(-InboxKept)))).Exec(ctx); err != nil {
			return err
		}
		_, err = tx.IdempotencyRecord.Delete().Where(idempotencyrecord.IDLT(id.At(tx.Now.Add(-AnswersKept)))).Exec(ctx)
		return err
	})
}
