package mute

import (
	"time"

	entsql "entgo.io/ent/dialect/sql"

	entmute "github.com/pulse-social/pulse/ent/mute"
)

// NotIn matches rows, of whatever table, whose column holds the id of a person whom a reader does not mute at a time: for queries of
// what is to be found by others than those whom one looks for. Nobody is muted for the reader 0.
func NotIn(reader int64, column string, now time.Time) func(*entsql.Selector) {
	return func(s *entsql.Selector) {
		if reader == 0 {
			return
		}
		mutes := entsql.Table(entmute.Table)
		s.Where(entsql.NotExists(entsql.Select(mutes.C(entmute.FieldID)).From(mutes).Where(entsql.And(
			entsql.EQ(mutes.C(entmute.FieldMuterID), reader),
			entsql.ColumnsEQ(mutes.C(entmute.FieldMutedID), s.C(column)),
			entsql.Or(entsql.IsNull(mutes.C(entmute.FieldExpiresAt)), entsql.GT(mutes.C(entmute.FieldExpiresAt), now)),
		))))
	}
}
