package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/pulse-social/pulse/ent/ownership"
)

const timeline = "timeline"

// MergedAuthor is an author with so many followers that posts are merged into home timelines when these are read,
// not when the post is written. Once one, always one: posts of that time are in nobody's list.
type MergedAuthor struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (MergedAuthor) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(timeline)} }

// Fields implements [ent.Interface].
func (MergedAuthor) Fields() []ent.Field {
	return []ent.Field{idField("Id of the author.")}
}

// ReadPosition is how far a person has read a timeline.
type ReadPosition struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (ReadPosition) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(timeline)} }

// Fields implements [ent.Interface].
func (ReadPosition) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the row."),
		field.Int64("user_id").Immutable().Comment("Who reads."),
		field.String("timeline").Immutable().Comment("Which timeline, as pulse.timeline.v1.ReadPosition names it."),
		field.Int64("post_id").Comment("The newest post that was read."),
		field.Time("updated_at"),
	}
}

// Indexes implements [ent.Interface].
func (ReadPosition) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "timeline").Unique()}
}

// TagUse is that a post which everyone may see uses a hashtag: what trends are counted from. A consumer keeps it, and
// drops what is too old to count.
type TagUse struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (TagUse) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(timeline)} }

// Fields implements [ent.Interface].
func (TagUse) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the row."),
		field.Int64("post_id").Immutable(),
		field.Int64("author_id").Immutable(),
		field.Int64("hour").Immutable().Comment("When the post was written, in hours since the Unix epoch."),
		field.String("tag_key").Immutable().Comment("As it is compared."),
		field.String("tag").Immutable().Comment("As it was written."),
		field.String("language").Default("").Immutable().Comment("BCP 47 tag of the post's language in lower case, empty when not known."),
	}
}

// Indexes implements [ent.Interface].
func (TagUse) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("post_id", "tag_key").Unique(),
		index.Fields("author_id", "post_id"),
		index.Fields("hour", "tag_key", "author_id"),
		index.Fields("tag_key", "hour", "author_id"),
	}
}
