package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/pulse-social/pulse/ent/ownership"
)

// Poll is the poll of a post. It goes with the post.
type Poll struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (Poll) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(post)} }

// Fields implements [ent.Interface].
func (Poll) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the post."),
		field.Bool("multiple").Default(false).Immutable().Comment("Whether a person may choose several options."),
		field.Time("ends_at").Immutable(),
		field.Int64("voters").Default(0).Comment("How many people have voted."),
	}
}

// PollOption is what one may choose in a poll.
type PollOption struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (PollOption) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(post)} }

// Fields implements [ent.Interface].
func (PollOption) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the option."),
		field.Int64("post_id").Immutable(),
		field.Int("position").Immutable().Comment("Its place among the options, from 0."),
		field.String("text").Immutable(),
		field.Int64("votes").Default(0),
	}
}

// Indexes implements [ent.Interface].
func (PollOption) Indexes() []ent.Index {
	return []ent.Index{index.Fields("post_id", "position").Unique()}
}

// PollVote is how a person voted in a poll.
type PollVote struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (PollVote) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(post)} }

// Fields implements [ent.Interface].
func (PollVote) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the vote; it tells when."),
		field.Int64("post_id").Immutable(),
		field.Int64("user_id").Immutable(),
		field.Int("choices").Immutable().Comment("The options chosen, a bit each: that of an option is 1 shifted left by its position."),
	}
}

// Indexes implements [ent.Interface].
func (PollVote) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "post_id").Unique(), index.Fields("post_id")}
}
