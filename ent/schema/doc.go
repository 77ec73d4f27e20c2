// Package schema describes the tables of Pulse, a file per owning service. Ids are 63-bit and grow with time, so that an
// id also tells when its row was made; no table has a creation time beside it. Rows refer to rows of other services by
// id, never by an edge.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
)

// idField is the primary key of entities whose id the application draws or takes from its subject.
func idField(comment string) ent.Field {
	return field.Int64("id").Immutable().Comment(comment).Annotations(entsql.Annotation{Incremental: &drawnByDatabase})
}

// drawnByDatabase is whether the database draws ids. It does not: Pulse does, without asking anyone.
var drawnByDatabase = false
