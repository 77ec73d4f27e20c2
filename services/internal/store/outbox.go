package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/brokerstream"
	"github.com/pulse-social/pulse/ent/outboxevent"
	optionsv1 "github.com/pulse-social/pulse/gen/pulse/options/v1"
)

// Emit adds a domain event, a message of pulse.bus.v1, to the transaction: it is published if and only if the
// transaction commits.
func (tx *Tx) Emit(event proto.Message) error {
	aggregate, err := AggregateID(event)
	if err != nil {
		return err
	}
	payload, err := proto.Marshal(event)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	eventID := tx.NewID()
	tx.events = append(tx.events, &ent.OutboxEvent{
		ID: eventID, EventID: eventID, Type: string(event.ProtoReflect().Descriptor().FullName()),
		AggregateID: aggregate, Payload: payload, TraceParent: tx.trace,
	})
	return nil
}

// outboxAtOnce bounds how many events one statement writes: databases take only so many parameters.
const outboxAtOnce = 2000

// outbox are the statements that write the events of the transaction to the outbox.
func (tx *Tx) outbox() []Statement {
	var all []Statement
	for chunk := range slices.Chunk(tx.events, outboxAtOnce) {
		rows := tx.Insert(outboxevent.Table,
			outboxevent.FieldID, outboxevent.FieldEventID, outboxevent.FieldType, outboxevent.FieldAggregateID,
			outboxevent.FieldPayload, outboxevent.FieldTraceParent, outboxevent.FieldConsumer)
		for _, e := range chunk {
			rows.Values(e.ID, e.EventID, e.Type, e.AggregateID, e.Payload, e.TraceParent, e.Consumer)
		}
		all = append(all, StatementOf(rows))
	}
	return all
}

// committedKept bounds how many transactions' events wait in the process for its relay. What is beyond it, or waits where
// no relay runs, is found in the outbox.
const committedKept = 1024

// Committed answers the events of transactions as they commit, so that a relay need not look for them in the outbox. Those
// that nobody takes in time are only there.
func (s *Store) Committed() <-chan []*ent.OutboxEvent { return s.committed }

// tell hands committed events to the relay of the process.
func (s *Store) tell(events []*ent.OutboxEvent) {
	if len(events) == 0 {
		return
	}
	select {
	case s.committed <- events:
	default:
	}
}

// AggregateID answers the id of what an event is about, from the field that the schema names for it.
func AggregateID(event proto.Message) (int64, error) {
	m := event.ProtoReflect()
	option, _ := proto.GetExtension(m.Descriptor().Options(), optionsv1.E_Event).(*optionsv1.Event)
	field := m.Descriptor().Fields().ByName(protoreflect.Name(option.GetAggregate()))
	if field == nil || field.Kind() != protoreflect.Int64Kind {
		return 0, fmt.Errorf("%s is not an event: it names no int64 field as its aggregate", m.Descriptor().FullName())
	}
	return m.Get(field).Int(), nil
}

// traceParent answers the W3C trace context of a call, empty when it is not traced.
func traceParent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier.Get("traceparent")
}

// An Incarnation is a stream of the broker, and when the broker says that it was created: one that was lost and made anew
// has another.
type Incarnation struct{ Stream, Created string }

// ErrOtherIncarnation tells that the stream which took some events is not there any more. They wait to be published again.
var ErrOtherIncarnation = errors.New("the broker has lost the stream meanwhile")

// Relay hands up to limit events that wait for their publication and whose rows have ids below before, oldest first, to
// publish, which answers the rows that the stream took; those are marked as published even when publish fails for others.
// It answers how many were handed over. Processes that relay at once do not get the same rows (on Postgres; on SQLite there
// is one).
func (s *Store) Relay(ctx context.Context, to Incarnation, before int64, limit int, publish func(context.Context, []*ent.OutboxEvent) ([]int64, error)) (int, error) {
	db := s.outbox
	if s.engine == engineSQLite {
		// The single writer must not wait for the broker.
		rows, err := pending(db.Client, before, limit).All(ctx)
		if err != nil || len(rows) == 0 {
			return 0, err
		}
		taken, failed := publish(ctx, rows)
		return len(rows), errors.Join(failed, s.MarkPublished(ctx, to, taken))
	}
	// Mostly there is nothing, which every process asks several times a second: without a transaction that is one round trip.
	var waits bool
	if err := s.reader.QueryRowContext(ctx, waiting, before).Scan(&waits); err != nil || !waits {
		return 0, err
	}
	var handed int
	var failed error
	err := db.Write(ctx, func(tx *Tx) error {
		rows, err := pending(tx.Client, before, limit).ForUpdate(entsql.WithLockAction(entsql.SkipLocked)).All(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		handed = len(rows)
		var taken []int64
		taken, failed = publish(ctx, rows)
		return tx.markPublished(ctx, to, taken)
	})
	return handed, errors.Join(failed, err)
}

// waiting tells on Postgres whether there is what [pending] answers.
var waiting = fmt.Sprintf("SELECT EXISTS (SELECT 1 FROM %s WHERE %s IS NULL AND %s < $1)", outboxevent.Table, outboxevent.FieldPublishedAt, outboxevent.FieldID)

func pending(client *ent.Client, before int64, limit int) *ent.OutboxEventQuery {
	return client.OutboxEvent.Query().
		Where(outboxevent.PublishedAtIsNil(), outboxevent.IDLT(before)).
		Order(outboxevent.ByID()).Limit(limit)
}

// MarkPublished records that a stream has taken events. It fails with [ErrOtherIncarnation], and records nothing, when that
// stream was lost since.
func (s *Store) MarkPublished(ctx context.Context, to Incarnation, rows []int64) error {
	if len(rows) == 0 {
		return nil
	}
	return s.outbox.Write(ctx, func(tx *Tx) error { return tx.markPublished(ctx, to, rows) })
}

// markPublished is [Store.MarkPublished] in a transaction. The lock on the incarnation keeps it from changing before the
// transaction ends: whoever changes it takes back all marks that it finds then.
func (tx *Tx) markPublished(ctx context.Context, to Incarnation, rows []int64) error {
	if len(rows) == 0 {
		return nil
	}
	current := tx.BrokerStream.Query().Where(brokerstream.ID(to.Stream))
	if tx.store.engine != engineSQLite {
		current.ForShare()
	}
	stream, err := current.Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return err
	}
	if stream == nil || stream.Incarnation != to.Created {
		return ErrOtherIncarnation
	}
	marks := tx.Update(outboxevent.Table, outboxevent.IDIn(rows...)).Set(outboxevent.FieldPublishedAt, tx.Now)
	tx.Last(StatementOf(marks))
	return nil
}

// StreamIncarnation records when the broker says that a stream was created. When that differs from what was recorded
// before, the broker has lost the stream, and every event that is still kept becomes pending again; republished tells.
func (s *Store) StreamIncarnation(ctx context.Context, is Incarnation) (republished bool, err error) {
	err = s.For(owner).Write(ctx, func(tx *Tx) error {
		known, err := tx.BrokerStream.Get(ctx, is.Stream)
		switch {
		case ent.IsNotFound(err):
			return tx.BrokerStream.Create().SetID(is.Stream).SetIncarnation(is.Created).Exec(ctx)
		case err != nil:
			return err
		case known.Incarnation == is.Created:
			return nil
		}
		republished = true
		if err := tx.BrokerStream.UpdateOneID(is.Stream).SetIncarnation(is.Created).Exec(ctx); err != nil {
			return err
		}
		return tx.OutboxEvent.Update().Where(outboxevent.PublishedAtNotNil()).ClearPublishedAt().Exec(ctx)
	})
	return republished, err
}

// How long rows are kept that protect against loss and repetition.
const (
	// OutboxKept is how long a published event can be published again after the broker has lost it.
	OutboxKept = 24 * time.Hour
	// InboxKept is how long a repeated event is recognized; it is longer than any event can be on its way.
	InboxKept = 7 * 24 * time.Hour
	// AnswersKept is how long an idempotency key gives the first answer again.
	AnswersKept = 24 * time.Hour
)
