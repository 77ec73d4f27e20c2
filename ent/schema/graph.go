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
