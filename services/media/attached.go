package media

import (
	"context"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	entmedia "github.com/pulse-social/pulse/ent/media"
	"github.com/pulse-social/pulse/ent/messagemedia"
	"github.com/pulse-social/pulse/ent/postmedia"
	"github.com/pulse-social/pulse/ent/profile"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/store"
)

// attached matches the pictures that anything refers to. It is one look, so that what changes hands meanwhile is seen in one of them.
func attached(s *entsql.Selector) { s.Where(isAttached(s)) }

// unattached matches the others.
func unattached(s *entsql.Selector) { s.Where(entsql.Not(isAttached(s))) }

func isAttached(s *entsql.Selector) *entsql.Predicate {
	refers := func(table, column string) *entsql.Predicate {
		t := entsql.Table(table)
		return entsql.Exists(entsql.Select(t.C(column)).From(t).Where(entsql.And(
			entsql.ColumnsEQ(t.C(column), s.C(entmedia.FieldID)), entsql.NEQ(t.C(column), 0), // Which the indexes of profiles need.
		)))
	}
	return entsql.Or(
		refers(postmedia.Table, postmedia.FieldMediaID),
		refers(messagemedia.Table, messagemedia.FieldMediaID),
		refers(profile.Table, profile.FieldAvatarID),
		refers(profile.Table, profile.FieldHeaderID),
	)
}

// letGo makes a picture go: from now on it is there for nobody, and the collector deletes its files.
func letGo(ctx context.Context, tx *store.Tx, row *ent.Media) error {
	gone, err := tx.Media.Update().Where(entmedia.ID(row.ID), entmedia.State(row.State)).SetState(attachment.Going).SetGoingAt(tx.Now).Save(ctx)
	if err != nil || gone == 0 {
		return err
	}
	return use(ctx, tx, row.OwnerID, -row.SizeBytes)
}
