package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/pulse-social/pulse/ent/ownership"
)

// Draft is a post that is not published yet, perhaps one with a time at which it will be.
type Draft struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (Draft) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(post)} }

// Fields implements [ent.Interface].
func (Draft) Fields() []ent.Field {
	return []ent.Field{
		idField("Id of the draft; it tells since when."),
		field.Int64("author_id").Immutable(),
		field.Bytes("post").Comment("The pulse.post.v1.CreatePostRequest that publishes it."),
		field.Time("scheduled_at").Optional().Nillable().Comment("When it is published by itself; never without."),
		field.Int32("failure").Default(0).Comment("Why it could not be published at its time; a value of pulse.errors.v1.Reason."),
		field.Int64("version").Default(1).Comment("Grows with each change; the etag."),
	}
}

// Indexes implements [ent.Interface].
func (Draft) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("author_id", "id"),
		index.Fields("scheduled_at").StorageKey("drafts_scheduled").Annotations(entsql.IndexWhere("scheduled_at IS NOT NULL")),
	}
}
