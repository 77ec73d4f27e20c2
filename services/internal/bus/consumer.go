package bus

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/services/internal/store"
)

// A Consumer reacts to domain events. Its effect on the database happens exactly once for each event.
type Consumer struct {
	// Name identifies the consumer for good, for instance "post.counts": <service>.<what it keeps>.
	Name string
	// Events are the kinds of events it reacts to.
	Events []proto.Message
	// Concerns, if there is one, tells whether an event has an effect at all. Those that have none are acknowledged and recorded
	// nowhere: neither Prepare nor Apply sees them, nor Done.
	Concerns func(event proto.Message) bool
	// Prepare, if there is one, has its effect outside the database before Apply. It happens at least once for an event,
	// so it must be harmless to repeat.
	Prepare func(ctx context.Context, events []Event) error
	// Apply, if there is one, has its effect in the transaction that records the events as consumed. The events are
	// those that were not consumed before, in no certain order.
	Apply func(ctx context.Context, tx *store.Tx, events []Event) error
	// Pace is how far apart the begins of batches are at least. An event that comes by itself is applied at once; in a busy
	// moment what is written for each batch serves all that came since the one before.
	Pace time.Duration
	// Batch is how many events are handed over at once at most; 0 means 200. Fewer are for effects that take their time.
	Batch int
	// Done, if there is one, is told of events whose effect is committed: at least once for an event.
	Done func(events []Event)
}

// Types lists the full names of the events that the consumer reacts to.
func (c Consumer) Types() []string {
	names := make([]string, len(c.Events))
	for i, event := range c.Events {
		names[i] = typeName(event)
	}
	return names
}

// Durable answers the name of the consumer on the broker, where a dot is not allowed.
func (c Consumer) Durable() string { return strings.ReplaceAll(c.Name, ".", "_") }

// concerned answers the events that have an effect. One that is replayed for the consumer is among them: its dead letter goes.
func (c Consumer) concerned(events []Event) []Event {
	if c.Concerns == nil {
		return events
	}
	return slices.DeleteFunc(slices.Clone(events), func(e Event) bool {
		return !c.Concerns(e.Message) && e.raw.Headers().Get(headerConsumer) == ""
	})
}

// IsConcerned tells whether the consumer records that it has consumed an event of the outbox.
func (c Consumer) IsConcerned(row *ent.OutboxEvent) (bool, error) {
	if c.Concerns == nil || row.Consumer != "" {
		return true, nil
	}
	message, err := decodeMessage(row.Type, row.Payload)
	return err != nil || c.Concerns(message), err
}

// batch answers how many events are handed over at once at most.
func (c Consumer) batch() int {
	if c.Batch > 0 {
		return min(c.Batch, batchSize)
	}
	return batchSize
}

// filters answers what the broker delivers.
func (c Consumer) filters() []string {
	filters := make([]string, len(c.Events))
	for i, name := range c.Types() {
		filters[i] = name + ".*"
	}
	return filters
}

// wanted answers which messages are for the consumer: not what is replayed for another, nor what is still delivered by a filter
// that it had before.
func (c Consumer) wanted() func(jetstream.Msg) bool {
	types := map[string]bool{}
	for _, name := range c.Types() {
		types[name] = true
	}
	return func(m jetstream.Msg) bool {
		aggregate := strings.LastIndexByte(m.Subject(), '.')
		if aggregate < 0 || !types[m.Subject()[:aggregate]] {
			return false
		}
		only := m.Headers().Get(headerConsumer)
		return only == "" || only == c.Name
	}
}

// An Event is a domain event as a consumer gets it.
type Event struct {
	// ID is the same each time the event is delivered.
	ID int64
	// AggregateID is what the event is about.
	AggregateID int64
	// Message is a message of pulse.bus.v1.
	Message proto.Message

	raw   jetstream.Msg
	tries int
	trace string
}

// The [Consumer.Pace] of consumers.
const (
	// PaceOfSight is for what people watch for: nobody sees that it comes so much later.
	PaceOfSight = 50 * time.Millisecond
	// PaceOfCounts is for counts and what else nobody waits for.
	PaceOfCounts = 200 * time.Millisecond
)

const (
	// batchSize is how many events a consumer takes into one transaction.
	batchSize = 200
	// applyTimeout bounds one transaction; the broker delivers again what is not acknowledged in twice the time.
	applyTimeout = 10 * time.Second
	// stopGrace is how long a consumer that stops may go on with what was delivered to it.
	stopGrace = 5 * time.Second
	// longestRetryDelay bounds the pause between two tries.
	longestRetryDelay = 30 * time.Second
)

// Consume delivers events to c until ctx ends. Any number of processes may consume for the same consumer at once. What
// a broker that was away or lost its state needs is made anew.
func (b *Bus) Consume(ctx context.Context, db *store.DB, c Consumer) {
	failing := false
	for ctx.Err() == nil {
		err := b.consumeOnce(ctx, db, c)
		if err != nil && ctx.Err() == nil && !failing {
			b.log.WarnContext(ctx, "consumer pauses", "consumer", c.Name, "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// consumeOnce makes the durable consumer and works on what it delivers until something breaks.
func (b *Bus) consumeOnce(ctx context.Context, db *store.DB, c Consumer) error {
	if _, err := b.Restore(ctx, db.Store()); err != nil {
		return err
	}
	consumer, err := b.js.CreateOrUpdateConsumer(ctx, EventStream, jetstream.ConsumerConfig{
		// The description tells those who measure the consumer its name.
		Durable: c.Durable(), Description: c.Name, FilterSubjects: c.filters(), AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: 2 * applyTimeout, MaxDeliver: -1, MaxAckPending: 4 * batchSize, Replicas: b.config.Replicas,
	})
	if err != nil {
		return fmt.Errorf("ensure consumer: %w", err)
	}
	working, end := outlast(ctx, stopGrace)
	defer end()
	return receive(ctx, &source{consumer: consumer, wanted: c.wanted(), limit: c.batch()}, func(batch []jetstream.Msg) { b.handle(working, db, c, batch) }, c)
}

// outlast answers a context that ends so much later than ctx.
func outlast(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return longer, func() { stop(); cancel() }
}

// messages is where a consumer gets its messages from.
type messages interface {
	// await answers the next message, as soon as there is one; none when ctx has ended.
	await(ctx context.Context) (jetstream.Msg, error)
	// more answers the messages that there are now.
	more() []jetstream.Msg
}

// receive hands over a message that comes by itself as soon as it is there, and after it, as often as the pace allows, all that have
// come meanwhile, until ctx ends or something breaks. In a busy moment messages so come many at once: each that came alone would
// wake the process, which costs more than what is done for it. After a full batch there may be more already, and nothing to wait for.
func receive(ctx context.Context, from messages, handle func([]jetstream.Msg), c Consumer) error {
	for {
		first, err := from.await(ctx)
		if first == nil {
			return err
		}
		for batch := []jetstream.Msg{first}; len(batch) > 0; batch = from.more() {
			next := time.Now().Add(c.Pace)
			handle(batch)
			if len(batch) >= c.batch() {
				next = time.Now()
			}
			select {
			case <-ctx.Done():
				return err
			case <-time.After(time.Until(next)):
			}
		}
		if err != nil {
			return err
		}
	}
}

// source is a consumer of the broker.
type source struct {
	consumer jetstream.Consumer
	// wanted tells which messages are for the consumer; others are dropped.
	wanted func(jetstream.Msg) bool
	// limit is how many messages are taken at once.
	limit int
}

// await has the broker send one message. When ctx ends it is taken back first: a message that was sent meanwhile would come to
// somebody else only when the broker misses its acknowledgement.
func (s *source) await(ctx context.Context) (jetstream.Msg, error) {
	for {
		m, err := s.next(ctx)
		if m == nil || s.wanted(m) {
			return m, err
		}
		_ = m.Ack() // Lost, it comes back to be dropped again.
		if err != nil {
			return nil, err
		}
	}
}

func (s *source) next(ctx context.Context) (jetstream.Msg, error) {
	arrived, broken := make(chan jetstream.Msg, 1), make(chan error, 1)
	sub, err := s.consumer.Consume(func(m jetstream.Msg) { arrived <- m },
		jetstream.PullMaxMessages(1), jetstream.StopAfter(1),
		jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
			select {
			case broken <- err:
			default:
			}
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("consume: %w", err)
	}
	select {
	case m := <-arrived:
		return m, nil
	case err = <-broken:
	case <-ctx.Done():
	}
	sub.Drain()
	<-sub.Closed()
	select {
	case m := <-arrived:
		return m, err
	default:
		return nil, err
	}
}

// more ignores what goes wrong: await tells of what stays so.
func (s *source) more() []jetstream.Msg {
	some, err := s.consumer.FetchNoWait(s.limit)
	if err != nil {
		return nil
	}
	var batch []jetstream.Msg
	for m := range some.Messages() {
		if s.wanted(m) {
			batch = append(batch, m)
		} else {
			_ = m.Ack()
		}
	}
	return batch
}

// decode reads an event off the wire.
func decode(m jetstream.Msg) (Event, error) {
	e := Event{raw: m, trace: m.Headers().Get(headerTraceParent)}
	if meta, err := m.Metadata(); err == nil {
		e.tries = int(meta.NumDelivered)
	}
	var err error
	if e.ID, err = strconv.ParseInt(m.Headers().Get(headerID), 10, 64); err != nil {
		return e, fmt.Errorf("event without an id: %w", err)
	}
	if e.AggregateID, err = strconv.ParseInt(m.Headers().Get(headerSubject), 10, 64); err != nil {
		return e, fmt.Errorf("event without an aggregate: %w", err)
	}
	e.Message, err = decodeMessage(m.Headers().Get(headerType), m.Data())
	return e, err
}

// decodeMessage reads the message of an event.
func decodeMessage(eventType string, payload []byte) (proto.Message, error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(eventType))
	if err != nil {
		return nil, fmt.Errorf("event of unknown type: %w", err)
	}
	message := kind.New().Interface()
	return message, proto.Unmarshal(payload, message)
}
