package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/pulse-social/pulse/ent/ownership"
)

const messaging = "messaging"

// Conversation is what two or more people say to each other. Whoever adds a message to it holds its row, so that its messages
// are numbered without a gap.
type Conversation struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (Conversation) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(messaging)} }

// Fields implements [ent.Interface].
func (Conversation) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the conversation; it tells when it was begun."),
		field.Int32("kind").Immutable().Comment("A value of pulse.messaging.v1.ConversationKind: 1 direct, 2 group."),
		field.String("direct_key").Optional().Nillable().Unique().Immutable().
			Comment("The ids of the two people of a direct conversation, the smaller first, with a colon between; null for groups."),
		field.String("title").Default(""),
		field.Int64("creator_id").Immutable(),
		field.Int64("last_sequence").Default(0).Comment("Number of the newest message, 0 while there is none."),
		field.Int64("last_message_id").Default(0).Comment("Id of the newest message, 0 while there is none: it tells when something was last said."),
		field.Int64("version").Default(1).Comment("Grows with each change of the title; the etag."),
	}
}

// ConversationMember is that a person takes part in a conversation. Who left has no row.
type ConversationMember struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (ConversationMember) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(messaging)} }

// Fields implements [ent.Interface].
func (ConversationMember) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the membership; it tells since when."),
		field.Int64("conversation_id").Immutable(),
		field.Int64("user_id").Immutable(),
		field.Int32("role").Comment("A value of pulse.messaging.v1.MemberRole: 1 member, 2 admin, 3 owner."),
		field.Int32("folder").Comment("Where the conversation lies with the member: 1 inbox, 2 requests, 3 nowhere (a declined direct conversation)."),
		field.Int64("first_sequence").Default(1).Comment("Number of the first message that the member may see."),
		field.Int64("read_sequence").Default(0).Comment("Number up to which the member has read."),
	}
}

// Indexes implements [ent.Interface].
func (ConversationMember) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("conversation_id", "user_id").Unique(),
		index.Fields("conversation_id", "id"),
		index.Fields("user_id", "folder", "conversation_id"),
	}
}

// Message is one message of a conversation. A deleted one stays as a row without text.
type Message struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (Message) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(messaging)} }

// Fields implements [ent.Interface].
func (Message) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the message; it tells when it was sent."),
		field.Int64("conversation_id").Immutable(),
		field.Int64("sequence").Immutable().Comment("Its number in the conversation: 1, 2, 3 and so on."),
		field.Int64("sender_id").Immutable(),
		field.Int32("kind").Immutable().Comment("A value of pulse.messaging.v1.MessageKind."),
		field.Text("text"),
		field.Int64("reply_to_id").Default(0).Comment("The message that it replies to, 0 for none."),
		field.Int64("subject_id").Default(0).Immutable().Comment("Whom a message about comings and goings is about, 0 for nobody."),
		field.String("client_id").Optional().Nillable().Comment("The name that its sender's client gave it."),
		field.Bool("deleted").Default(false),
		field.Time("edited_at").Optional().Nillable(),
		field.JSON("media", []int64{}).Optional().Comment("Its pictures, in their order; null when there are none."),
	}
}

// Indexes implements [ent.Interface].
func (Message) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("conversation_id", "sequence").Unique(),
		index.Fields("conversation_id", "sender_id", "client_id").Unique().StorageKey("messages_client").
			Annotations(entsql.IndexWhere("client_id IS NOT NULL")),
		index.Fields("sender_id", "id"),
	}
}

// MessageMedia is that a message has a picture.
type MessageMedia struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (MessageMedia) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(messaging)} }

// Fields implements [ent.Interface].
func (MessageMedia) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the row."),
		field.Int64("message_id").Immutable(),
		field.Int64("media_id").Immutable(),
	}
}

// Indexes implements [ent.Interface].
func (MessageMedia) Indexes() []ent.Index {
	return []ent.Index{index.Fields("message_id", "media_id").Unique(), index.Fields("media_id")}
}

// MessageReaction is that a person reacted to a message.
type MessageReaction struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (MessageReaction) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(messaging)} }

// Fields implements [ent.Interface].
func (MessageReaction) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the reaction; it tells since when."),
		field.Int64("message_id").Immutable(),
		field.Int64("user_id").Immutable(),
		field.String("emoji").Immutable(),
	}
}

// Indexes implements [ent.Interface].
func (MessageReaction) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("message_id", "user_id", "emoji").Unique(),
		index.Fields("message_id", "id"),
		index.Fields("user_id"),
	}
}

// MessagingSetting is how a person wants to be reached. Who never said has no row.
type MessagingSetting struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (MessagingSetting) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(messaging)} }

// Fields implements [ent.Interface].
func (MessagingSetting) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the person."),
		field.Int32("audience").Comment("Who may begin a conversation; a value of pulse.messaging.v1.MessageAudience: 1 everyone, 2 everyone, strangers as a request, 3 whom the person follows, 4 nobody."),
	}
}
