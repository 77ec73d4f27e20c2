package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
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
		field.Int32("audience").Default(1).Comment("Who sees it; a value of pulse.post.v1.Audience: 1 public, 2 unlisted, 3 followers, 4 mentioned."),
		field.Int32("reply_policy").Default(1).Comment("Who may reply; a value of pulse.post.v1.ReplyPolicy: 1 everyone who sees it, 2 followers, 3 those whom the author follows, 4 mentioned, 5 nobody."),
		field.Int64("repost_of_id").Default(0).Immutable().Comment("The post that this passes on unchanged, 0 for none; such a row has no text of its own."),
		field.Int64("quote_of_id").Default(0).Immutable().Comment("The post that it comments on, 0 for none."),
		field.String("content_warning").Default("").Comment("What a reader is warned of before the text is shown, empty for nothing."),
		field.String("language").Default("").Comment("BCP 47 tag of the language that it is written in, empty when not known."),
		field.Int64("version").Default(1).Comment("Grows with each edit; the etag."),
		field.Time("edited_at").Optional().Nillable().Comment("When it was last edited."),
		field.Bytes("facets").Optional().Comment("What stands in the text: a pulse.post.v1.Post that has nothing but its facets; null when there are none."),
		field.Bool("has_poll").Default(false).Immutable().Comment("Whether a poll belongs to it."),
		field.JSON("media", []int64{}).Optional().Comment("Its pictures, in their order; null when there are none."),
	}
}

// Indexes implements [ent.Interface].
func (Post) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("author_id", "id"),
		index.Fields("reply_to_id", "id"),
		index.Fields("id").StorageKey("posts_public").
			Annotations(entsql.IndexWhere("audience = 1 AND reply_to_id = 0 AND repost_of_id = 0 AND NOT deleted")),
		index.Fields("quote_of_id", "id").StorageKey("posts_quotes").Annotations(entsql.IndexWhere("quote_of_id <> 0")),
		index.Fields("repost_of_id", "author_id").Unique().StorageKey("posts_reposts").
			Annotations(entsql.IndexWhere("repost_of_id <> 0 AND NOT deleted")),
	}
}

// PostMention is that a post mentions a person, who then may see it.
type PostMention struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (PostMention) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(post)} }

// Fields implements [ent.Interface].
func (PostMention) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the mention."),
		field.Int64("post_id").Immutable(),
		field.Int64("user_id").Immutable().Comment("Who is mentioned."),
	}
}

// Indexes implements [ent.Interface].
func (PostMention) Indexes() []ent.Index {
	return []ent.Index{index.Fields("post_id", "user_id").Unique(), index.Fields("user_id", "post_id")}
}

// PostMedia is that a post, or a draft of one, has a picture, or had it before an edit. It goes with the post.
type PostMedia struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (PostMedia) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(post)} }

// Fields implements [ent.Interface].
func (PostMedia) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the row."),
		field.Int64("post_id").Immutable().Comment("The post, or the draft."),
		field.Int64("media_id").Immutable(),
		field.Bool("shown").Comment("Whether the post has it now. One that an edit took away, and one of a draft, is for the author alone."),
	}
}

// Indexes implements [ent.Interface].
func (PostMedia) Indexes() []ent.Index {
	return []ent.Index{index.Fields("post_id", "media_id").Unique(), index.Fields("media_id")}
}

// PostTag is that a post has a hashtag.
type PostTag struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (PostTag) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(post)} }

// Fields implements [ent.Interface].
func (PostTag) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the row."),
		field.Int64("post_id").Immutable(),
		field.String("tag").Immutable().Comment("As it was written, without #."),
		field.String("tag_key").Immutable().Comment("As it is compared: case folded, in normal form NFKC."),
	}
}

// Indexes implements [ent.Interface].
func (PostTag) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tag_key", "post_id").Unique(), index.Fields("post_id")}
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
		field.Int64("reposts").Default(0),
		field.Int64("quotes").Default(0),
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
