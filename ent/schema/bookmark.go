package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/pulse-social/pulse/ent/ownership"
)

// Bookmark is that a person keeps a post to find it again. Nobody else is told.
type Bookmark struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (Bookmark) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(post)} }

// Fields implements [ent.Interface].
func (Bookmark) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the bookmark; it tells when."),
		field.Int64("user_id").Immutable(),
		field.Int64("post_id").Immutable(),
	}
}

// Indexes implements [ent.Interface].
func (Bookmark) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "post_id").Unique(), index.Fields("user_id", "id")}
}
