package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/pulse-social/pulse/ent/ownership"
)

const notification = "notification"

// NotificationHead is where a person's notifications are at. Whoever adds a cause holds its row, so that causes are numbered
// in the order in which they are committed.
type NotificationHead struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (NotificationHead) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(notification)} }

// Fields implements [ent.Interface].
func (NotificationHead) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the person."),
		field.Int64("sequence").Default(0).Comment("Number of the newest cause, 0 while there is none."),
	}
}

// Notification is what a person is notified of: like causes that came before it was read.
type Notification struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (Notification) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(notification)} }

// Fields implements [ent.Interface].
func (Notification) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the notification; it tells when its first cause came."),
		field.Int64("recipient_id").Immutable(),
		field.Int32("kind").Immutable().Comment("A value of pulse.notification.v1.NotificationKind."),
		field.Int64("subject_id").Default(0).Immutable().Comment("What like causes are about: the recipient's post, or the conversation; what the actor wrote where causes are not grouped; 0 for nothing."),
		field.Bool("in_app").Default(true).Immutable().Comment("Whether it is shown in the application."),
		field.Bool("read").Default(false),
		field.Int64("sequence").Comment("Number of its latest cause."),
		field.Int64("cause_count").Default(0).Comment("How many causes it has that still hold. Without any it is not shown."),
		field.Time("updated_at").Comment("When its latest cause came."),
	}
}

// Indexes implements [ent.Interface].
func (Notification) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("recipient_id", "sequence"),
		index.Fields("recipient_id", "kind", "sequence"),
		index.Fields("recipient_id", "kind", "subject_id", "in_app").Unique().StorageKey("notifications_open").
			Annotations(entsql.IndexWhere("NOT read")),
	}
}

// NotificationCause is one thing that somebody did, for which one person was notified. It stays when it no longer holds, so that
// doing it again notifies nobody again.
type NotificationCause struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (NotificationCause) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(notification)} }

// Fields implements [ent.Interface].
func (NotificationCause) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the cause; it tells when it came."),
		field.Int64("recipient_id").Immutable(),
		field.Int64("notification_id").Immutable(),
		field.Int32("kind").Immutable().Comment("A value of pulse.notification.v1.NotificationKind."),
		field.Int64("actor_id").Immutable().Comment("Who did it."),
		field.Int64("object_id").Immutable().Comment("What was done it to, or with: the post that is liked, what the actor wrote, the message; 0 for the recipient."),
		field.Int64("sequence").Immutable().Comment("Its number among those of the recipient."),
		field.Bool("holds").Default(true).Comment("Whether it was not taken back."),
	}
}

// Indexes implements [ent.Interface].
func (NotificationCause) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("recipient_id", "kind", "actor_id", "object_id").Unique(),
		index.Fields("recipient_id", "sequence").Unique(),
		index.Fields("notification_id", "sequence"),
		index.Fields("actor_id"),
		index.Fields("object_id"),
	}
}

// NotificationPreference is what a person wants to be told of one kind. What was never set has no row.
type NotificationPreference struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (NotificationPreference) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(notification)} }

// Fields implements [ent.Interface].
func (NotificationPreference) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the row."),
		field.Int64("user_id").Immutable(),
		field.Int32("kind").Immutable().Comment("A value of pulse.notification.v1.NotificationKind."),
		field.Int32("audience").Comment("A value of pulse.notification.v1.NotificationAudience."),
		field.Bool("in_app"),
		field.Bool("push"),
		field.Bool("email"),
	}
}

// Indexes implements [ent.Interface].
func (NotificationPreference) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "kind").Unique()}
}

// QuietHours are when a person is left alone. Who never had any has no row.
type QuietHours struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (QuietHours) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(notification)} }

// Fields implements [ent.Interface].
func (QuietHours) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the person."),
		field.Bool("enabled"),
		field.Int32("start_minute").Comment("When they begin, in minutes after midnight on the wall clock."),
		field.Int32("end_minute").Comment("When they end, likewise."),
		field.String("time_zone").Comment("Name of the time zone in the IANA database."),
	}
}

// PushSubscription is a browser that notifications are pushed to.
type PushSubscription struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (PushSubscription) Mixin() []ent.Mixin { return []ent.Mixin{ownership.SecretOf(notification)} }

// Fields implements [ent.Interface].
func (PushSubscription) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the subscription; it tells since when."),
		field.Int64("user_id"),
		field.Int64("session_id").Comment("The session that made it, with which it ends."),
		field.String("endpoint").Sensitive().Immutable().Comment("Where the push service takes messages. Whoever knows it can send some, if they have the server's key too."),
		field.String("endpoint_key").Unique().Immutable().Comment("SHA-256 of the endpoint, in hexadecimal."),
		field.Bytes("p256dh").Sensitive().Comment("The browser's public key, an uncompressed point of P-256."),
		field.Bytes("auth").Sensitive().Comment("The secret that the browser shares with the server, 16 bytes."),
		field.String("device").Default(""),
	}
}

// Indexes implements [ent.Interface].
func (PushSubscription) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "id"), index.Fields("session_id")}
}

// NotificationDelivery is that a cause is to be told outside of the application, to one subscription or by mail.
type NotificationDelivery struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (NotificationDelivery) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(notification)} }

// Fields implements [ent.Interface].
func (NotificationDelivery) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the delivery."),
		field.Int64("cause_id").Immutable(),
		field.Int64("notification_id").Immutable(),
		field.Int64("recipient_id").Immutable(),
		field.Int64("subscription_id").Immutable().Comment("The browser, 0 for mail."),
		field.Int32("state").Default(0).Comment("0 waits, 1 is being sent, 2 taken by the push service or the mail server, 3 not needed any more, 4 given up."),
		field.Time("due_at").Comment("When it is to be tried: for the first time, or again."),
		field.Int32("tries").Default(0).Comment("How often it was tried."),
		field.String("error").Default("").Comment("What the last try failed with."),
	}
}

// Indexes implements [ent.Interface].
func (NotificationDelivery) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("cause_id", "subscription_id").Unique(),
		index.Fields("due_at").StorageKey("notification_deliveries_due").Annotations(entsql.IndexWhere("state < 2")),
		index.Fields("notification_id", "subscription_id"),
		index.Fields("recipient_id"),
		index.Fields("subscription_id"),
	}
}
