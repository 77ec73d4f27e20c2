package visibility

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent/account"
	"github.com/pulse-social/pulse/ent/profile"
)

// MaySeeFollows tells whether a viewer may see whom a person follows and who follows them, having seen the person: those of
// a private account are for itself and its followers.
func (p *Policy) MaySeeFollows(ctx context.Context, viewer, userID int64) (bool, error) {
	if viewer == userID {
		return true, nil
	}
	private, err := p.Private(ctx, userID)
	if err != nil || !private {
		return !private, err
	}
	if viewer == 0 {
		return false, nil
	}
	follows, err := p.follows(ctx, viewer, userID)
	if err != nil {
		return false, fmt.Errorf("look whether they follow: %w", err)
	}
	return follows, nil
}

// Private tells whether a person's account is private.
func (p *Policy) Private(ctx context.Context, userID int64) (bool, error) {
	private, err := p.db.Profile.Query().Where(profile.ID(userID), profile.Private(true)).Exist(ctx)
	if err != nil {
		return false, fmt.Errorf("look whether the account is private: %w", err)
	}
	return private, nil
}

// SeenPersonIn matches rows, of whatever table, whose column holds the id of a person that the viewer may see: for queries
// that list people, so that their pages are full.
func SeenPersonIn(userID int64, column string) func(*entsql.Selector) {
	return seenPersonIn(viewer{id: userID}, column)
}

// SeenPersonBy is [SeenPersonIn] for whomever another column of the query names, and who is never nobody.
func SeenPersonBy(viewerColumn, column string) func(*entsql.Selector) {
	return seenPersonIn(viewer{column: viewerColumn}, column)
}

// seenPersonIn is [SeenPersonIn] for a viewer whom the query itself may name.
func seenPersonIn(viewer viewer, column string) func(*entsql.Selector) {
	return func(s *entsql.Selector) {
		accounts := entsql.Table(account.Table)
		seen := entsql.Select(accounts.C(account.FieldID)).From(accounts).
			Where(entsql.ColumnsEQ(accounts.C(account.FieldID), s.C(column)))
		seenPeople(viewer)(seen)
		s.Where(entsql.Exists(seen))
	}
}
