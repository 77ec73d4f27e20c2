package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/pulse-social/pulse/ent/ownership"
)

// store owns the rows that make writes and events one: they are written in every service's transactions, by package
// store alone.
const store = "store"

// OutboxEvent is a domain event that was committed with the change it tells of, waiting for or past its publication.
type OutboxEvent struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (OutboxEvent) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(store)} }

// Fields implements [ent.Interface].
func (OutboxEvent) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the row; it tells when."),
		field.Int64("event_id").Immutable().Comment("Id of the event: the row's own, or the first one's when it is a replay."),
		field.String("type").Immutable().Comment("Full name of the event's message."),
		field.Int64("aggregate_id").Immutable(),
		field.Bytes("payload").Immutable(),
		field.String("trace_parent").Default("").Immutable().Comment("W3C traceparent of the call that caused it."),
		field.String("consumer").Default("").Immutable().Comment("The only consumer it is for; empty means all."),
		field.Time("published_at").Optional().Nillable().Comment("When the broker took it."),
	}
}

// Indexes implements [ent.Interface].
func (OutboxEvent) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("id").StorageKey("outbox_events_pending").Annotations(entsql.IndexWhere("published_at IS NULL")),
	}
}

// InboxEntry is that a consumer has had the effect of an event.
type InboxEntry struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (InboxEntry) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(store)} }

// Fields implements [ent.Interface].
func (InboxEntry) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the entry; it tells when."),
		field.String("consumer").Immutable(),
		field.Int64("event_id").Immutable(),
		field.Time("applied_at").Immutable(),
	}
}

// Indexes implements [ent.Interface].
func (InboxEntry) Indexes() []ent.Index {
	return []ent.Index{index.Fields("event_id", "consumer").Unique()}
}

// DeadLetter is an event that a consumer gave up after its last try.
type DeadLetter struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (DeadLetter) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(store)} }

// Fields implements [ent.Interface].
func (DeadLetter) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the letter; it tells when."),
		field.String("consumer").Immutable(),
		field.Int64("event_id").Immutable(),
		field.String("type").Immutable().Comment("Full name of the event's message."),
		field.Int64("aggregate_id").Immutable(),
		field.Bytes("payload").Immutable(),
		field.Text("error").Comment("What the last try failed with."),
		field.Int("attempts"),
		field.Time("replayed_at").Optional().Nillable().Comment("When it was last sent again."),
	}
}

// Indexes implements [ent.Interface].
func (DeadLetter) Indexes() []ent.Index {
	return []ent.Index{index.Fields("event_id", "consumer").Unique()}
}

// IdempotencyRecord is the first answer to a mutation that carried an idempotency key.
type IdempotencyRecord struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (IdempotencyRecord) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(store)} }

// Fields implements [ent.Interface].
func (IdempotencyRecord) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the record; it tells when."),
		field.Bytes("key_hash").Unique().Immutable().Comment("SHA-256 over caller, method and key."),
		field.Bytes("request_mac").Immutable().Comment("HMAC-SHA-256 of the request under the key."),
		field.Bytes("sealed_response").Sensitive().Comment("The answer, sealed under the key, which itself is not kept."),
	}
}

// BrokerStream remembers which incarnation of a stream the outbox was published to, so that a lost one is noticed.
type BrokerStream struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (BrokerStream) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(store)} }

// Fields implements [ent.Interface].
func (BrokerStream) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable().Comment("Name of the stream."),
		field.String("incarnation").Comment("When the broker says that the stream was created."),
	}
}
