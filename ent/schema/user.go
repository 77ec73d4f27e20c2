package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

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
		field.Bool("private").Default(false).Comment("Whether only approved followers see what the person posts."),
		field.JSON("links", []ProfileLink{}).Optional().Comment("Pages that the person points to, in their order."),
		field.String("language").Default("").Comment("BCP 47 tag of the language that the person writes in, empty when they do not say."),
		field.Int64("avatar_id").Default(0).Comment("The picture of the person, 0 for none."),
		field.Int64("header_id").Default(0).Comment("The picture above the profile, 0 for none."),
		field.Int64("version").Default(1).Comment("Grows with each change; the etag."),
	}
}

// Indexes implements [ent.Interface].
func (Profile) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("avatar_id").StorageKey("profiles_avatars").Annotations(entsql.IndexWhere("avatar_id <> 0")),
		index.Fields("header_id").StorageKey("profiles_headers").Annotations(entsql.IndexWhere("header_id <> 0")),
	}
}

// ProfileLink is a page that a person points to.
type ProfileLink struct {
	// URL begins with https://.
	URL string `json:"url"`
	// Label is shown instead of the address, unless it is empty.
	Label string `json:"label,omitempty"`
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

// Indexes implements [ent.Interface].
func (UserCount) Indexes() []ent.Index {
	return []ent.Index{index.Fields("followers", "id")}
}
