package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/pulse-social/pulse/ent"
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
	tx.events = append(tx.events, tx.own.OutboxEvent.Create().
		SetID(eventID).SetEventID(eventID).
		SetType(string(event.ProtoReflect().Descriptor().FullName())).
		SetAggregateID(aggregate).SetPayload(payload).SetTraceParent(tx.trace))
	return nil
}

// flush writes the events of the transaction to the outbox.
func (tx *Tx) flush(ctx context.Context) error {
	if len(tx.events) == 0 {
		return nil
	}
	if err := tx.own.OutboxEvent.CreateBulk(tx.events...).Exec(ctx); err != nil {
		return fmt.Errorf("write the outbox: %w", err)
	}
	return nil
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

// Relay hands up to limit events that wait for their publication, oldest first, to publish, which answers the rows that
// the broker took; those are marked as published even when publish fails for others. It answers how many were handed
// over. Processes that relay at once do not get the same rows (on Postgres; on SQLite there is one).
func (s *Store) Relay(ctx context.Context, limit int, publish func(context.Context, []*ent.OutboxEvent) ([]int64, error)) (int, error) {
	db := s.For(owner)
	if s.engine == engineSQLite {
		// The single writer must not wait for the broker.
		rows, err := pending(db.Client, limit).All(ctx)
		if err != nil || len(rows) == 0 {
			return 0, err
		}
		taken, failed := publish(ctx, rows)
		return len(rows), errors.Join(failed, db.Write(ctx, func(tx *Tx) error { return tx.markPublished(ctx, taken) }))
	}
	var handed int
	var failed error
	err := db.Write(ctx, func(tx *Tx) error {
		rows, err := pending(tx.Client, limit).ForUpdate(entsql.WithLockAction(entsql.SkipLocked)).All(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		handed = len(rows)
		var taken []int64
		taken, failed = publish(ctx, rows)
		return tx.markPublished(ctx, taken)
	})
	return handed, errors.Join(failed, err)
}

func pending(client *ent.Client, limit int) *ent.OutboxEventQuery {
	return client.OutboxEvent.Query().
		Where(outboxevent.PublishedAtIsNil()).
		Order(outboxevent.ByID()).Limit(limit)
}

// markPublished records that the broker has taken the events.
func (tx *Tx) markPublished(ctx context.Context, rows []int64) error {
	if len(rows) == 0 {
		return nil
	}
	return tx.OutboxEvent.Update().Where(outboxevent.IDIn(rows...)).SetPublishedAt(tx.Now).Exec(ctx)
}

// StreamIncarnation records when the broker says that a stream was created. When that differs from what was recorded
// before, the broker has lost the stream, and every event that is still kept becomes pending again; republished tells.
func (s *Store) StreamIncarnation(ctx context.Context, stream, incarnation string) (republished bool, err error) {
	err = s.For(owner).Write(ctx, func(tx *Tx) error {
		known, err := tx.BrokerStream.Get(ctx, stream)
		switch {
		case ent.IsNotFound(err):
			return tx.BrokerStream.Create().SetID(stream).SetIncarnation(incarnation).Exec(ctx)
		case err != nil:
			return err
		case known.Incarnation == incarnation:
			return nil
		}
		republished = true
		if err := tx.BrokerStream.UpdateOneID(stream).SetIncarnation(incarnation).Exec(ctx); err != nil {
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
