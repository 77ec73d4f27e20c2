package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"

	"github.com/pulse-social/pulse/ent/ownership"
)

const user = "user"

// Profile is what a person says of themselves. It has no row until they say something.
type Profile struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (Profile) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(user)} }

// Fields implements [ent.Interface].
func (Profile) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the person."),
		field.String("display_name").Default(""),
		field.Text("bio").Default(""),
		field.String("location").Default(""),
		field.Int64("version").Default(1).Comment("Grows with each change; the etag."),
	}
}

// UserCount holds the counts of a person. A consumer keeps it; it has no row while all are zero.
type UserCount struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (UserCount) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(user)} }

// Fields implements [ent.Interface].
func (UserCount) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the person."),
		field.Int64("posts").Default(0),
		field.Int64("followers").Default(0),
		field.Int64("following").Default(0),
	}
}
