package bus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/codes"

	"github.com/pulse-social/pulse/services/internal/failpoint"
	"github.com/pulse-social/pulse/services/internal/store"
)

// Later wraps an error that is not the event's fault, such as a cache that is away: the event comes back until it
// succeeds and never becomes a dead letter. Nil stays nil.
func Later(err error) error {
	if err == nil {
		return nil
	}
	return laterError{err}
}

type laterError struct{ error }

// Unwrap lets errors.Is and errors.As see the cause.
func (e laterError) Unwrap() error { return e.error }

// isLater tells whether an event that failed shall come back whatever the number of tries.
func isLater(err error) bool {
	var later laterError
	return errors.As(err, &later) || store.IsUnavailable(err)
}

// handle applies a batch.
func (b *Bus) handle(ctx context.Context, db *store.DB, c Consumer, batch []jetstream.Msg) {
	events := make([]Event, 0, len(batch))
	for _, m := range batch {
		e, err := decode(m)
		if err != nil {
			b.fail(ctx, db, c, e, err)
			continue
		}
		events = append(events, e)
	}
	if len(events) > 0 {
		b.try(ctx, db, c, events)
	}
}

// try applies events. When they fail as a whole, each half is tried, so that one that always fails does not hold its neighbours up:
// it takes a few transactions to find, where one for each event of a batch would keep a busy consumer for seconds.
func (b *Bus) try(ctx context.Context, db *store.DB, c Consumer, events []Event) {
	err := b.apply(ctx, db, c, events)
	if err == nil || len(events) == 1 {
		b.settle(ctx, db, c, events, err)
		return
	}
	for half := range slices.Chunk(events, (len(events)+1)/2) {
		b.try(ctx, db, c, half)
	}
}

// apply has the consumer's effect and records it, or does neither.
func (b *Bus) apply(ctx context.Context, db *store.DB, c Consumer, events []Event) (err error) {
	began := time.Now()
	ctx, span := startConsume(ctx, c, events)
	var first map[int64]bool
	defer func() {
		b.worked(ctx, c, began, err)
		if err != nil {
			span.SetStatus(codes.Error, err.Error())
		} else {
			b.delayed(ctx, c, first)
		}
		span.End()
	}()
	ctx, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = errors.Join(err, fmt.Errorf("panic: %v", r))
		}
	}()
	failpoint.Hit(failpoint.BeforeApply)
	if err := failing(c, events); err != nil {
		return err
	}
	if events = c.concerned(events); len(events) == 0 {
		return nil
	}
	if c.Prepare != nil {
		if err := c.Prepare(ctx, events); err != nil {
			return err
		}
	}
	ids := make([]int64, 0, len(events))
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return db.Write(ctx, func(tx *store.Tx) error {
		isFresh, err := tx.Fresh(ctx, c.Name, ids)
		first = maps.Clone(isFresh)
		if err != nil || c.Apply == nil || len(isFresh) == 0 {
			return err
		}
		fresh := make([]Event, 0, len(isFresh))
		for _, e := range events {
			if isFresh[e.ID] {
				fresh = append(fresh, e)
				delete(isFresh, e.ID) // The same event may be in a batch twice.
			}
		}
		return c.Apply(ctx, tx, fresh)
	})
}

// settle acknowledges events whose effect is committed, and decides about those that failed.
func (b *Bus) settle(ctx context.Context, db *store.DB, c Consumer, events []Event, err error) {
	if err == nil {
		if effective := c.concerned(events); c.Done != nil && len(effective) > 0 {
			c.Done(effective)
		}
		b.count(ctx, c, len(events), "")
	}
	for _, e := range events {
		if err != nil {
			b.fail(ctx, db, c, e, err)
			continue
		}
		failpoint.Hit(failpoint.BeforeAck)
		// A lost acknowledgement only brings the event back, to the inbox.
		_ = e.raw.Ack()
		failpoint.Hit(failpoint.AfterAck)
	}
}

// fail lets an event come back after a pause, or buries it after the last try, unless it was not the event's fault.
func (b *Bus) fail(ctx context.Context, db *store.DB, c Consumer, e Event, cause error) {
	if ctx.Err() != nil {
		return
	}
	ctx = withTrace(ctx, e.trace) // The log names the trace that the event is from.
	if e.tries >= b.config.Tries && !isLater(cause) {
		err := db.Store().Bury(ctx, store.FailedEvent{
			Consumer: c.Name, EventID: e.ID, Type: e.raw.Headers().Get(headerType),
			AggregateID: e.AggregateID, Payload: e.raw.Data(), Attempts: e.tries, Err: cause,
		})
		if err == nil {
			b.count(ctx, c, 1, errorDeadLetter)
			b.log.ErrorContext(ctx, "event became a dead letter", "consumer", c.Name, "event", e.ID, "tries", e.tries, "error", cause)
			_ = e.raw.Ack()
			return
		}
		cause = errors.Join(cause, err)
	}
	b.count(ctx, c, 1, errorType(cause))
	b.log.WarnContext(ctx, "event failed", "consumer", c.Name, "event", e.ID, "try", e.tries, "error", cause)
	_ = e.raw.NakWithDelay(b.retryDelay(e.tries))
}

// retryDelay doubles with each try.
func (b *Bus) retryDelay(tries int) time.Duration {
	delay := b.config.RetryDelay
	for range tries - 1 {
		if delay *= 2; delay > longestRetryDelay {
			return longestRetryDelay
		}
	}
	return delay
}
