package schema

import (
	"entgo.io/ent"

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
