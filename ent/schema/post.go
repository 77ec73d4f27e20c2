package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/pulse-social/pulse/ent/ownership"
)

const post = "post"

// Post is a post or a reply. A deleted one stays as a row without text, so that the thread around it holds.
type Post struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (Post) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(post)} }

// Fields implements [ent.Interface].
func (Post) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the post; it tells when it was written."),
		field.Int64("author_id").Immutable(),
		field.Text("text"),
		field.Int64("reply_to_id").Default(0).Immutable().Comment("The post it replies to, 0 for none."),
		field.Int64("thread_id").Immutable().Comment("The first post of the thread, its own id when it is that."),
		field.Bool("deleted").Default(false),
	}
}

// Indexes implements [ent.Interface].
func (Post) Indexes() []ent.Index {
	return []ent.Index{index.Fields("author_id", "id"), index.Fields("reply_to_id", "id")}
}

// PostCount holds the counts of a post. A consumer keeps it; it has no row while all are zero.
type PostCount struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (PostCount) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(post)} }

// Fields implements [ent.Interface].
func (PostCount) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the post."),
		field.Int64("likes").Default(0),
		field.Int64("replies").Default(0),
	}
}

// Like is that a person likes a post.
type Like struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (Like) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(post)} }

// Fields implements [ent.Interface].
func (Like) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the like; it tells when."),
		field.Int64("user_id").Immutable(),
		field.Int64("post_id").Immutable(),
	}
}

// Indexes implements [ent.Interface].
func (Like) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "post_id").Unique(), index.Fields("post_id", "id")}
}
