package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/pulse-social/pulse/ent/ownership"
)

const event = "event"

// Event is a meetup. Whoever answers to it or changes it holds its row, so that its seats are given away one after the other.
type Event struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (Event) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(event)} }

// Fields implements [ent.Interface].
func (Event) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the meetup; it tells when it was announced."),
		field.Int64("host_id").Immutable(),
		field.String("title"),
		field.Text("description").Default(""),
		field.String("time_zone").Comment("Name of a zone in the IANA database, in which starts and ends are told."),
		field.Bool("all_day").Default(false),
		field.String("starts").Comment("What the wall clock shows at the start, 2006-01-02T15:04; of an all-day meetup its first day, 2006-01-02."),
		field.String("ends").Comment("The same of the end; of an all-day meetup its last day."),
		field.Time("starts_at"),
		field.Time("ends_at").Comment("The first moment after it."),
		field.String("place_name").Default(""),
		field.String("place_address").Default(""),
		field.Float("latitude").Optional().Nillable().Comment("Degrees north, WGS 84; with longitude, or null with it."),
		field.Float("longitude").Optional().Nillable().Comment("Degrees east, WGS 84."),
		field.Float("x").Optional().Nillable().Comment("Where it is on a sphere of radius 1, as a point of space: distances are compared by it, in SQL."),
		field.Float("y").Optional().Nillable(),
		field.Float("z").Optional().Nillable(),
		field.String("online_url").Default(""),
		field.Text("folded").Default("").Comment("Title, description and place as they are compared in discovery."),
		field.Text("folded_place").Default("").Comment("The place as it is compared in discovery."),
		field.Int32("capacity").Default(0).Comment("How many seats there are, 0 for as many as come."),
		field.Int32("visibility").Comment("A value of pulse.event.v1.Visibility: 1 public, 2 followers, 3 invited."),
		field.Bool("cancelled").Default(false),
		field.Int64("yes_count").Default(0),
		field.Int64("maybe_count").Default(0),
		field.Int64("waiting_count").Default(0),
		field.Int64("kept_seats").Default(0).Comment("How many seats stay taken although there are fewer since their number was lowered; 0 when there are not."),
		field.Int64("last_place").Default(0).Comment("The number that the latest answer got."),
		field.Time("changed_at").Comment("When the version came to be."),
		field.Int64("version").Default(1).Comment("Grows with each change of what the hosts say of it; the etag, and the sequence in calendars."),
	}
}

// Indexes implements [ent.Interface].
func (Event) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("host_id", "starts_at", "id"),
		index.Fields("starts_at", "id"),
	}
}

// EventAnswer is what somebody answered to a meetup. Who took the answer back has no row.
type EventAnswer struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (EventAnswer) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(event)} }

// Fields implements [ent.Interface].
func (EventAnswer) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the answer; it tells when the person first answered."),
		field.Int64("event_id").Immutable(),
		field.Int64("user_id").Immutable(),
		field.Int32("answer").Comment("A value of pulse.event.v1.Answer: 1 yes, 2 maybe, 3 no, 4 yes while there is no seat."),
		field.Int64("place").Comment("Its number among the answers to the meetup, new with each change of the answer: the order of the waitlist."),
	}
}

// Indexes implements [ent.Interface].
func (EventAnswer) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("event_id", "user_id").Unique(),
		index.Fields("event_id", "answer", "place"),
		index.Fields("user_id", "event_id"),
	}
}

// EventInvite is that somebody was invited to a meetup.
type EventInvite struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (EventInvite) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(event)} }

// Fields implements [ent.Interface].
func (EventInvite) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the invitation; it tells since when."),
		field.Int64("event_id").Immutable(),
		field.Int64("user_id").Immutable(),
		field.Int64("inviter_id").Comment("Who invited them; 0 when that account was deleted."),
	}
}

// Indexes implements [ent.Interface].
func (EventInvite) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("event_id", "user_id").Unique(),
		index.Fields("event_id", "id"),
		index.Fields("user_id", "event_id"),
		index.Fields("inviter_id"),
	}
}

// EventCoHost is that somebody helps to host a meetup.
type EventCoHost struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (EventCoHost) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(event)} }

// Fields implements [ent.Interface].
func (EventCoHost) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the row; it tells since when."),
		field.Int64("event_id").Immutable(),
		field.Int64("user_id").Immutable(),
	}
}

// Indexes implements [ent.Interface].
func (EventCoHost) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("event_id", "user_id").Unique(),
		index.Fields("user_id", "event_id"),
	}
}

// EventReminder is that those who come to a meetup are to be reminded of it. It is gone when they were.
type EventReminder struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (EventReminder) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(event)} }

// Fields implements [ent.Interface].
func (EventReminder) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the reminder."),
		field.Int64("event_id").Immutable(),
		field.Time("due_at").Immutable(),
	}
}

// Indexes implements [ent.Interface].
func (EventReminder) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("due_at", "id"),
		index.Fields("event_id"),
	}
}

// CalendarFeed is the private address at which calendars read a person's meetups.
type CalendarFeed struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (CalendarFeed) Mixin() []ent.Mixin { return []ent.Mixin{ownership.SecretOf(event)} }

// Fields implements [ent.Interface].
func (CalendarFeed) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the person."),
		field.Bytes("token_hash").Unique().Comment("SHA-256 of the secret in the address."),
		field.Time("made_at"),
	}
}
