package bus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
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
	// relayPoll is how often the outbox is looked at, for what was left there.
	relayPoll = 300 * time.Millisecond
	// leftAfter is how old an event is that counts as left: the process that wrote it has forwarded it by then, if it can.
	// A command, which forwards nothing, takes effect within a second.
	leftAfter = 500 * time.Millisecond
	// markAfter is how long events that were forwarded wait for others to be marked with them.
	markAfter = 100 * time.Millisecond
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
	// headerConsumer names the one consumer that the event is for: it is replayed. It has no place in CloudEvents.
	headerConsumer = "pulse-consumer"
)

// Relay publishes what the outbox holds until ctx ends, and then what is left once more. Any number of processes may
// relay at once.
func (b *Bus) Relay(ctx context.Context, s *store.Store) {
	r := &relay{bus: b, store: s}
	tick := time.NewTicker(relayPoll)
	defer tick.Stop()
	r.note(ctx, r.tend(ctx))
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case events := <-s.Committed():
			if !r.failing && !held() { // Else they are found by looking.
				r.note(ctx, r.forward(ctx, events))
			}
		case <-r.due:
			r.note(ctx, r.mark(ctx))
		case <-tick.C:
			r.note(ctx, r.tend(ctx))
		}
	}
	flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), ackWait)
	defer cancel()
	if err := errors.Join(r.mark(flush), r.sweep(flush, math.MaxInt64)); err != nil {
		b.log.WarnContext(ctx, "events stay in the outbox until the next start", "error", err)
	}
}

// relay is one process's. It publishes events as they commit, by its process, and marks them as published a moment later,
// many at once. What was left in the outbox, by whatever came in between or by another process, it finds by looking.
type relay struct {
	bus   *Bus
	store *store.Store

	stream           store.Incarnation
	restored, pruned time.Time
	// failing is whether the last attempt at anything failed. Then nothing is forwarded, and time alone lets it try again.
	failing bool
	// taken are the events that the stream has taken and that are not marked yet, due when they are to be.
	taken []int64
	due   <-chan time.Time
}

// note remembers whether an attempt failed, and logs the first that did.
func (r *relay) note(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		r.bus.instruments.relayFailures.Add(ctx, 1)
		if !r.failing {
			r.bus.log.WarnContext(ctx, "events wait in the outbox", "error", err)
		}
	}
	r.failing = err != nil
}

// forward publishes events that were committed just now, as many as there are.
func (r *relay) forward(ctx context.Context, events []*ent.OutboxEvent) error {
	for len(events) < relayBatch && len(r.store.Committed()) > 0 {
		events = append(slices.Clip(events), <-r.store.Committed()...)
	}
	taken, err := r.bus.publish(ctx, events)
	if len(taken) > 0 {
		r.taken = append(r.taken, taken...)
		if r.due == nil {
			r.due = time.After(markAfter)
		}
	}
	if err == nil && len(r.taken) >= relayBatch {
		return r.mark(ctx)
	}
	return err
}

// mark marks what the stream has taken.
func (r *relay) mark(ctx context.Context) error {
	taken := r.taken
	r.taken, r.due = nil, nil
	return r.store.MarkPublished(ctx, r.stream, taken)
}

// tend makes sure that the streams exist, publishes what was left in the outbox, and deletes what has served its time.
func (r *relay) tend(ctx context.Context) error {
	before := id.At(r.store.Now().Add(-leftAfter))
	if r.failing || time.Since(r.restored) > restoreEvery {
		stream, err := r.bus.Restore(ctx, r.store)
		if err != nil {
			return err
		}
		// Now and then all are taken, also what bears the time of a clock that was ahead. What is just being forwarded, and so
		// is published twice, does no harm.
		r.stream, r.restored, before = stream, time.Now(), math.MaxInt64
	}
	if err := r.sweep(ctx, before); err != nil {
		return err
	}
	if time.Since(r.pruned) > pruneEvery {
		r.pruned = time.Now()
		return r.store.Prune(ctx)
	}
	return nil
}

// sweep publishes what waits in the outbox in rows with ids below before.
func (r *relay) sweep(ctx context.Context, before int64) error {
	for !held() {
		n, err := r.store.Relay(ctx, r.stream, before, relayBatch, r.bus.publish)
		if err != nil || n < relayBatch {
			return err
		}
	}
	return nil
}

// Restore makes sure that the streams exist, and answers which the event stream is. When the broker has lost it, every
// event that is still kept is to be published again.
func (b *Bus) Restore(ctx context.Context, s *store.Store) (store.Incarnation, error) {
	ctx, cancel := context.WithTimeout(ctx, ackWait)
	defer cancel()
	created, err := b.ensureStreams(ctx)
	if err != nil {
		return store.Incarnation{}, err
	}
	is := store.Incarnation{Stream: EventStream, Created: created}
	republished, err := s.StreamIncarnation(ctx, is)
	if republished {
		b.log.WarnContext(ctx, "the broker had lost its events; those of the last day are published again", "stream", EventStream)
	}
	return is, err
}

// publish sends events and answers the rows that the broker has taken.
func (b *Bus) publish(ctx context.Context, rows []*ent.OutboxEvent) (taken []int64, err error) {
	failpoint.Hit(failpoint.BeforePublish)
	rows = repeated(rows)
	defer func() { b.publishedOf(ctx, len(taken), len(rows)) }()
	futures := make([]jetstream.PubAckFuture, 0, len(rows))
	for _, row := range rows {
		span, traceParent := startPublish(ctx, row)
		defer span.End()
		future, err := b.js.PublishMsgAsync(distinct(message(row, traceParent)), jetstream.WithStallWait(ackWait))
		if err != nil {
			return nil, fmt.Errorf("publish: %w", err)
		}
		futures = append(futures, future)
	}
	ctx, cancel := context.WithTimeout(ctx, ackWait)
	defer cancel()
	taken = make([]int64, 0, len(rows))
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

// message is an outbox row on the wire, with the trace context that it goes with. The row's id lets the broker drop what comes twice within two minutes.
func message(row *ent.OutboxEvent, traceParent string) *nats.Msg {
	m := nats.NewMsg(subject(row.Type, row.AggregateID))
	m.Data = row.Payload
	m.Header.Set(jetstream.MsgIDHeader, id.String(row.ID))
	m.Header.Set(headerID, id.String(row.EventID))
	m.Header.Set(headerType, row.Type)
	m.Header.Set(headerSource, "pulse")
	m.Header.Set(headerSpec, "1.0")
	m.Header.Set(headerTime, id.Time(row.EventID).Format(time.RFC3339Nano))
	m.Header.Set(headerSubject, id.String(row.AggregateID))
	if row.Consumer != "" {
		m.Header.Set(headerConsumer, row.Consumer)
	}
	if traceParent != "" {
		m.Header.Set(headerTraceParent, traceParent)
	}
	return m
}
