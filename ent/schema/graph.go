package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/pulse-social/pulse/ent/ownership"
)

const graph = "graph"

// Follow is that one person follows another.
type Follow struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (Follow) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(graph)} }

// Fields implements [ent.Interface].
func (Follow) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the follow; it tells since when."),
		field.Int64("follower_id").Immutable().Comment("Who follows."),
		field.Int64("followee_id").Immutable().Comment("Who is followed."),
	}
}

// Indexes implements [ent.Interface].
func (Follow) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("follower_id", "followee_id").Unique(),
		index.Fields("follower_id", "id"),
		index.Fields("followee_id", "id"),
	}
}

// FollowRequest is that one person asks to follow another, whose account is private.
type FollowRequest struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (FollowRequest) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(graph)} }

// Fields implements [ent.Interface].
func (FollowRequest) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the request; it tells since when."),
		field.Int64("requester_id").Immutable().Comment("Who asks to follow."),
		field.Int64("target_id").Immutable().Comment("Whom they ask."),
	}
}

// Indexes implements [ent.Interface].
func (FollowRequest) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("requester_id", "target_id").Unique(),
		index.Fields("requester_id", "id"),
		index.Fields("target_id", "id"),
	}
}

// Block is that one person blocks another. Neither follows the other then, nor sees what the other posts, and the
// blocked one does not see the blocker at all.
type Block struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (Block) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(graph)} }

// Fields implements [ent.Interface].
func (Block) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the block; it tells since when."),
		field.Int64("blocker_id").Immutable().Comment("Who blocks."),
		field.Int64("blocked_id").Immutable().Comment("Who is blocked."),
	}
}

// Indexes implements [ent.Interface].
func (Block) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("blocker_id", "blocked_id").Unique(),
		index.Fields("blocked_id", "blocker_id"),
		index.Fields("blocker_id", "id"),
	}
}

// Mute is that one person does not want to meet another in timelines and notifications. The muted one is not told.
type Mute struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (Mute) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(graph)} }

// Fields implements [ent.Interface].
func (Mute) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the mute; it tells since when."),
		field.Int64("muter_id").Immutable().Comment("Who mutes."),
		field.Int64("muted_id").Immutable().Comment("Who is muted."),
		field.Time("expires_at").Optional().Nillable().Comment("When it ends by itself; never without."),
	}
}

// Indexes implements [ent.Interface].
func (Mute) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("muter_id", "muted_id").Unique(),
		index.Fields("muter_id", "id"),
		index.Fields("muted_id"),
	}
}

// MutedWord is a word or phrase that a person does not want to meet in timelines.
type MutedWord struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (MutedWord) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(graph)} }

// Fields implements [ent.Interface].
func (MutedWord) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the entry; it tells since when."),
		field.Int64("user_id").Immutable().Comment("Who mutes it."),
		field.String("text").Immutable().Comment("As it was written."),
		field.String("text_key").Immutable().Comment("As it is compared: case folded, in normal form."),
		field.Time("expires_at").Optional().Nillable().Comment("When it ends by itself; never without."),
	}
}

// Indexes implements [ent.Interface].
func (MutedWord) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "text_key").Unique(), index.Fields("user_id", "id")}
}

// UserList is a list of people that somebody keeps, to read them by themselves.
type UserList struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (UserList) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(graph)} }

// Fields implements [ent.Interface].
func (UserList) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the list; it tells since when."),
		field.Int64("owner_id").Immutable().Comment("Who keeps it."),
		field.String("name"),
		field.Int64("version").Default(1).Comment("Grows with each change of the list itself; the etag."),
	}
}

// Indexes implements [ent.Interface].
func (UserList) Indexes() []ent.Index {
	return []ent.Index{index.Fields("owner_id", "id")}
}

// UserListMember is that a person is on a list.
type UserListMember struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (UserListMember) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(graph)} }

// Fields implements [ent.Interface].
func (UserListMember) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the membership; it tells since when."),
		field.Int64("list_id").Immutable(),
		field.Int64("user_id").Immutable().Comment("Who is on the list."),
	}
}

// Indexes implements [ent.Interface].
func (UserListMember) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("list_id", "user_id").Unique(),
		index.Fields("list_id", "id"),
		index.Fields("user_id", "id"),
	}
}

// Dismissal is that a person does not want another to be recommended to them.
type Dismissal struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (Dismissal) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(graph)} }

// Fields implements [ent.Interface].
func (Dismissal) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the row; it tells since when."),
		field.Int64("user_id").Immutable().Comment("Whom to recommend nobody of that id."),
		field.Int64("dismissed_id").Immutable().Comment("Who is not to be recommended."),
	}
}

// Indexes implements [ent.Interface].
func (Dismissal) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "dismissed_id").Unique(), index.Fields("dismissed_id")}
}
