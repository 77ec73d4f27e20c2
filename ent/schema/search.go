package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/pulse-social/pulse/ent/ownership"
)

const search = "search"

// termsField holds what a document can be found by, in the form that the database searches: a tsvector on Postgres, and
// on SQLite the terms in their order between blanks, which triggers keep a full-text table of (see the migrations).
func termsField() ent.Field {
	return field.Text("terms").SchemaType(map[string]string{dialect.Postgres: "tsvector"})
}

// SearchPost is what a post can be found by. A consumer keeps it; deleted posts and reposts have none.
type SearchPost struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (SearchPost) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(search)} }

// Fields implements [ent.Interface].
func (SearchPost) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the post."),
		field.Int64("version").Comment("The version of the post that it is of."),
		termsField(),
	}
}

// SearchPerson is what a person can be found by. A consumer keeps it; deleted accounts have none.
type SearchPerson struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (SearchPerson) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(search)} }

// Annotations implements [ent.Interface].
func (SearchPerson) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Table("search_people")}
}

// Fields implements [ent.Interface].
func (SearchPerson) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the person."),
		field.String("handle").Comment("The handle that it is of."),
		field.Int64("version").Comment("The version of the profile that it is of, 0 for none."),
		field.String("name").Comment("The display name as it is compared: folded words between blanks."),
		termsField(),
	}
}

// SearchEvent is what a meetup can be found by. A consumer keeps it.
type SearchEvent struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (SearchEvent) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(search)} }

// Fields implements [ent.Interface].
func (SearchEvent) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the meetup."),
		field.Int64("version").Comment("The version of the meetup that it is of."),
		termsField(),
	}
}

// SearchName is a beginning by which type-ahead finds a person: the handle, or the display name from one of its words on.
type SearchName struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (SearchName) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(search)} }

// Fields implements [ent.Interface].
func (SearchName) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the row."),
		field.Int64("user_id").Immutable(),
		field.Bytes("key").Immutable().Comment("Folded, in UTF-8: as bytes it is ordered alike by every database and collation."),
	}
}

// Indexes implements [ent.Interface].
func (SearchName) Indexes() []ent.Index {
	return []ent.Index{index.Fields("key", "user_id").Unique(), index.Fields("user_id", "key")}
}

// SearchTag is that a hashtag was used. It stays when no post has it any more; what is shown is asked of the posts.
type SearchTag struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (SearchTag) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(search)} }

// Fields implements [ent.Interface].
func (SearchTag) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the row."),
		field.Bytes("key").Unique().Immutable().Comment("Folded, in UTF-8; see SearchName."),
		field.String("tag_key").Immutable().Comment("The tag_key of the posts' rows."),
	}
}

// Indexes implements [ent.Interface].
func (SearchTag) Indexes() []ent.Index { return []ent.Index{index.Fields("tag_key").Unique()} }
