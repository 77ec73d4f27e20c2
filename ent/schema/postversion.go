package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/pulse-social/pulse/ent/ownership"
)

// PostVersion is what a post was before an edit. It goes with the post.
type PostVersion struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (PostVersion) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(post)} }

// Fields implements [ent.Interface].
func (PostVersion) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the row; it tells when the version was replaced."),
		field.Int64("post_id").Immutable(),
		field.Int64("version").Immutable().Comment("Which version of the post it is, from 1."),
		field.Text("text").Immutable(),
		field.String("content_warning").Default("").Immutable(),
		field.String("language").Default("").Immutable(),
		field.Int32("audience").Immutable().Comment("Who saw it; a value of pulse.post.v1.Audience."),
		field.Bytes("facets").Optional().Immutable().Comment("As those of the post; whom they mention saw it."),
		field.Time("written_at").Immutable(),
		field.JSON("media", []int64{}).Optional().Immutable().Comment("Its pictures, in their order."),
	}
}

// Indexes implements [ent.Interface].
func (PostVersion) Indexes() []ent.Index {
	return []ent.Index{index.Fields("post_id", "version").Unique()}
}
