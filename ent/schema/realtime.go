package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/pulse-social/pulse/ent/ownership"
)

const realtime = "realtime"

// StreamHead is where a person's log is at: what their streams tell, in one order. Whoever adds to the log holds its row, so
// that numbers are given in the order in which they are committed. Who has opened no stream for as long as items are kept has
// no row, and nothing is logged for them. Id 0 is the log that all share: posts of authors with very many followers.
type StreamHead struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (StreamHead) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(realtime)} }

// Fields implements [ent.Interface].
func (StreamHead) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the person; 0 for the shared log."),
		field.Int64("epoch").Immutable().Comment("Drawn with the row: a cursor of a log that was dropped meanwhile is known by it."),
		field.Int64("sequence").Default(0).Comment("Number of the newest item."),
		field.Int64("dropped_sequence").Default(0).Comment("Number of the newest item that is not kept any more."),
		field.Time("opened_at").Comment("When a stream was last opened, or was open still, to within an hour."),
	}
}

// Indexes implements [ent.Interface].
func (StreamHead) Indexes() []ent.Index { return []ent.Index{index.Fields("opened_at")} }

// StreamItem is one thing that a person's streams tell.
type StreamItem struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (StreamItem) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(realtime)} }

// Fields implements [ent.Interface].
func (StreamItem) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the item; it tells when it was logged."),
		field.Int64("user_id").Immutable().Comment("Whose log it is in; 0 for the shared one."),
		field.Int64("sequence").Immutable().Comment("Its number in that log: 1, 2, 3 and so on."),
		field.Int32("kind").Immutable().Comment("What it is; number of the field of pulse.realtime.v1.SubscribeResponse that tells it."),
		field.Int64("object_id").Immutable().Comment("The post, message, conversation or notification that it is about; 0 for nothing."),
		field.Int64("actor_id").Default(0).Immutable().Comment("Who wrote the post or read the conversation; 0 where it does not matter."),
	}
}

// Indexes implements [ent.Interface].
func (StreamItem) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "sequence").Unique()}
}

// StreamConversation is up to where the messages of a conversation are logged with its members. Whoever logs more holds its row,
// so that messages are logged in order whatever order their events come in.
type StreamConversation struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (StreamConversation) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(realtime)} }

// Fields implements [ent.Interface].
func (StreamConversation) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the conversation."),
		field.Int64("sequence").Comment("Number of the newest message that is logged."),
	}
}

// PresenceSetting is how a person appears, and to whom. Who never said has no row.
type PresenceSetting struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (PresenceSetting) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(realtime)} }

// Fields implements [ent.Interface].
func (PresenceSetting) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the person."),
		field.Int32("state").Comment("A value of pulse.realtime.v1.PresenceState: 1 online, 2 away, 4 invisible."),
		field.Int32("audience").Comment("A value of pulse.realtime.v1.PresenceAudience: 1 everyone, 2 whom the person follows, 3 nobody."),
		field.Time("invisible_at").Optional().Nillable().Comment("Since when the person appears not to be there; null while they appear as they are."),
	}
}
