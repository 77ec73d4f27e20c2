package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/services/internal/failpoint"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// relayBatch is how many events are published before they are marked.
	relayBatch = 500
	// relayPoll is how often the outbox is looked at without a signal: for what other processes have left.
	relayPoll = time.Second
	// restoreEvery is how often the streams are looked at, to notice a broker that lost them while nothing was published.
	restoreEvery = 5 * time.Second
	// pruneEvery is how often rows that have served their time are deleted.
	pruneEvery = time.Minute
	// ackWait bounds how long the broker may take to confirm a batch.
	ackWait = 5 * time.Second
)

// Headers of an event, after the NATS binding of CloudEvents 1.0 (https://github.com/cloudevents/spec, nats-protocol-binding)
// and W3C Trace Context.
const (
	headerID          = "ce-id"
	headerType        = "ce-type"
	headerSource      = "ce-source"
	headerSpec        = "ce-specversion"
	headerTime        = "ce-time"
	headerSubject     = "ce-subject"
	headerTraceParent = "traceparent"
)

// Relay publishes what the outbox holds until ctx ends, and then what is left once more. Any number of processes may
// relay at once.
func (b *Bus) Relay(ctx context.Context, s *store.Store) {
	restored, pruned := time.Time{}, time.Time{}
	tick := time.NewTicker(relayPoll)
	defer tick.Stop()
	failing := false
	for ctx.Err() == nil {
		var err error
		if failing || time.Since(restored) > restoreEvery {
			err, restored = b.Restore(ctx, s), time.Now()
		}
		if err == nil {
			err = b.relayAll(ctx, s)
		}
		if err == nil && time.Since(pruned) > pruneEvery {
			err, pruned = s.Prune(ctx), time.Now()
		}
		if err != nil && ctx.Err() == nil && !failing {
			b.log.WarnContext(ctx, "events wait in the outbox", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-committedUnless(failing, s):
		}
	}
	flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), ackWait)
	defer cancel()
	if err := b.relayAll(flush, s); err != nil {
		b.log.WarnContext(ctx, "events stay in the outbox until the next start", "error", err)
	}
}

// committedUnless is the signal of the outbox; while publishing fails, only time lets it try again.
func committedUnless(failing bool, s *store.Store) <-chan struct{} {
	if failing {
		return nil
	}
	return s.Committed()
}

// Restore makes sure that the streams exist. When the broker has lost them, every event that is still kept is published
// again.
func (b *Bus) Restore(ctx context.Context, s *store.Store) error {
	ctx, cancel := context.WithTimeout(ctx, ackWait)
	defer cancel()
	incarnation, err := b.ensureStreams(ctx)
	if err != nil {
		return err
	}
	republished, err := s.StreamIncarnation(ctx, EventStream, incarnation)
	if republished {
		b.log.WarnContext(ctx, "the broker had lost its events; those of the last day are published again", "stream", EventStream)
	}
	return err
}

// relayAll publishes until the outbox is empty.
func (b *Bus) relayAll(ctx context.Context, s *store.Store) error {
	for !held() {
		n, err := s.Relay(ctx, relayBatch, b.publish)
		if err != nil || n < relayBatch {
			return err
		}
	}
	return nil
}

// publish sends events and answers the rows that the broker has taken.
func (b *Bus) publish(ctx context.Context, rows []*ent.OutboxEvent) ([]int64, error) {
	failpoint.Hit(failpoint.BeforePublish)
	rows = repeated(rows)
	futures := make([]jetstream.PubAckFuture, 0, len(rows))
	for _, row := range rows {
		future, err := b.js.PublishMsgAsync(distinct(message(row)), jetstream.WithStallWait(ackWait))
		if err != nil {
			return nil, fmt.Errorf("publish: %w", err)
		}
		futures = append(futures, future)
	}
	ctx, cancel := context.WithTimeout(ctx, ackWait)
	defer cancel()
	taken := make([]int64, 0, len(rows))
	var failed error
	for i, future := range futures {
		select {
		case <-future.Ok():
			taken = append(taken, rows[i].ID)
		case err := <-future.Err():
			failed = fmt.Errorf("publish: %w", err)
		case <-ctx.Done():
			return taken, errors.Join(failed, errors.New("the broker did not confirm in time"))
		}
	}
	failpoint.Hit(failpoint.AfterPublish)
	return taken, failed
}

// message is an outbox row on the wire. The row's id lets the broker drop what comes twice within two minutes.
func message(row *ent.OutboxEvent) *nats.Msg {
	m := nats.NewMsg(subject(row.Type, row.AggregateID))
	if row.Consumer != "" {
		m.Subject = replaySubject(row.Consumer, row.Type)
	}
	m.Data = row.Payload
	m.Header.Set(jetstream.MsgIDHeader, id.String(row.ID))
	m.Header.Set(headerID, id.String(row.EventID))
	m.Header.Set(headerType, row.Type)
	m.Header.Set(headerSource, "pulse")
	m.Header.Set(headerSpec, "1.0")
	m.Header.Set(headerTime, id.Time(row.EventID).Format(time.RFC3339Nano))
	m.Header.Set(headerSubject, id.String(row.AggregateID))
	if row.TraceParent != "" {
		m.Header.Set(headerTraceParent, row.TraceParent)
	}
	return m
}
