package invariant

import (
	"context"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent/deadletter"
	"github.com/pulse-social/pulse/ent/idempotencyrecord"
	"github.com/pulse-social/pulse/ent/inboxentry"
	"github.com/pulse-social/pulse/ent/outboxevent"
	"github.com/pulse-social/pulse/services/internal/bus"
)

// settlePoll is how often events on their way are counted while they are waited for.
const settlePoll = 10 * time.Millisecond

// eventsAtOnce bounds how many events one query reads.
const eventsAtOnce = 1000

// consumed checks I7, after waiting until no event is on its way any more.
func (c Checker) consumed(ctx context.Context, r *Result) error {
	deadline := time.NewTimer(c.SettleFor)
	defer deadline.Stop()
	for {
		waiting, err := c.waiting(ctx)
		if err != nil {
			return err
		}
		if len(waiting) == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(settlePoll):
			continue
		case <-deadline.C:
		}
		for consumer, events := range waiting {
			for _, event := range events {
				r.broken("event %d has not reached %s", event, consumer)
			}
		}
		break
	}
	var err error
	r.Checked, err = c.DB.OutboxEvent.Query().Count(ctx)
	return err
}

// waiting answers the events that consumers have neither consumed nor given up, by consumer.
func (c Checker) waiting(ctx context.Context) (map[string][]int64, error) {
	waiting := map[string][]int64{}
	for _, consumer := range c.Consumers {
		events, err := c.waitingFor(ctx, consumer)
		if err != nil {
			return nil, err
		}
		if len(events) > 0 {
			waiting[consumer.Name] = events
		}
	}
	return waiting, nil
}

// waitingFor answers the first of the events that wait for a consumer. Some of those that it has not recorded have no effect for it.
func (c Checker) waitingFor(ctx context.Context, consumer bus.Consumer) ([]int64, error) {
	var waiting []int64
	for after := int64(0); ; {
		rows, err := c.DB.OutboxEvent.Query().
			Where(outboxevent.IDGT(after), outboxevent.TypeIn(consumer.Types()...), outboxevent.ConsumerIn("", consumer.Name), notSettled(consumer)).
			Order(outboxevent.ByID()).Limit(eventsAtOnce).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			concerned, err := consumer.IsConcerned(row)
			if err != nil {
				return nil, err
			}
			if concerned {
				waiting = append(waiting, row.EventID)
			}
			if len(waiting) == shownViolations {
				return waiting, nil
			}
			after = row.ID
		}
		if len(rows) < eventsAtOnce {
			return waiting, nil
		}
	}
}

// notSettled matches events that are neither in the consumer's inbox nor among its dead letters.
func notSettled(consumer bus.Consumer) func(*entsql.Selector) {
	return func(s *entsql.Selector) {
		event := s.C(outboxevent.FieldEventID)
		inbox, letters := entsql.Table(inboxentry.Table), entsql.Table(deadletter.Table)
		s.Where(entsql.NotExists(entsql.Select(inbox.C(inboxentry.FieldID)).From(inbox).Where(entsql.And(
			entsql.ColumnsEQ(inbox.C(inboxentry.FieldEventID), event), entsql.EQ(inbox.C(inboxentry.FieldConsumer), consumer.Name)))))
		s.Where(entsql.NotExists(entsql.Select(letters.C(deadletter.FieldID)).From(letters).Where(entsql.And(
			entsql.ColumnsEQ(letters.C(deadletter.FieldEventID), event), entsql.EQ(letters.C(deadletter.FieldConsumer), consumer.Name)))))
	}
}

// idempotency checks I6.
func (c Checker) idempotency(ctx context.Context, r *Result) error {
	var err error
	if r.Checked, err = c.DB.IdempotencyRecord.Query().Count(ctx); err != nil {
		return err
	}
	err = c.each(ctx, func(row []int64) { r.broken("%d answers are stored under one idempotency key", row[0]) }, 1,
		`SELECT COUNT(*) FROM idempotency_records GROUP BY key_hash HAVING COUNT(*) > 1`)
	if err != nil {
		return err
	}
	empty, err := c.DB.IdempotencyRecord.Query().Where(idempotencyrecord.SealedResponse([]byte{})).IDs(ctx)
	for _, record := range empty {
		r.broken("idempotency record %d has no answer", record)
	}
	return err
}

// integrity checks I10.
func (c Checker) integrity(ctx context.Context, r *Result) error {
	problems, checked, err := c.DB.Store().Integrity(ctx)
	r.Checked = checked
	for _, problem := range problems {
		r.broken("%s", problem)
	}
	return err
}
