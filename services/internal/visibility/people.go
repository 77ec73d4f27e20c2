package visibility

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/account"
	"github.com/pulse-social/pulse/ent/block"
	"github.com/pulse-social/pulse/ent/predicate"
)

// User answers the account of a person that the viewer may see; the error is ent's not-found otherwise.
func (p *Policy) User(ctx context.Context, viewer, userID int64) (*ent.Account, error) {
	found, err := p.db.Account.Query().Where(account.ID(userID), SeenPeople(viewer)).Only(ctx)
	return found, annotate("look for the person", err)
}

// UserByHandle is [Policy.User] by handle in lower case.
func (p *Policy) UserByHandle(ctx context.Context, viewer int64, handleKey string) (*ent.Account, error) {
	found, err := p.db.Account.Query().Where(account.HandleKey(handleKey), SeenPeople(viewer)).Only(ctx)
	return found, annotate("look for the handle", err)
}

// Users answers those of the people that the viewer may see, by id.
func (p *Policy) Users(ctx context.Context, viewer int64, userIDs []int64) (map[int64]*ent.Account, error) {
	rows, err := p.db.Account.Query().Where(account.IDIn(userIDs...), SeenPeople(viewer)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for people: %w", err)
	}
	seen := make(map[int64]*ent.Account, len(rows))
	for _, row := range rows {
		seen[row.ID] = row
	}
	return seen, nil
}

// UsersByHandle is [Policy.Users] by handle in lower case.
func (p *Policy) UsersByHandle(ctx context.Context, viewer int64, handleKeys []string) (map[string]*ent.Account, error) {
	rows, err := p.db.Account.Query().Where(account.HandleKeyIn(handleKeys...), SeenPeople(viewer)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for handles: %w", err)
	}
	seen := make(map[string]*ent.Account, len(rows))
	for _, row := range rows {
		seen[row.HandleKey] = row
	}
	return seen, nil
}

// SeenPeople matches the people that the viewer may see: for queries that look for people.
func SeenPeople(userID int64) predicate.Account { return seenPeople(viewer{id: userID}) }

// SeenPeopleBy is [SeenPeople] for whomever a column of the query names, and who is never nobody.
func SeenPeopleBy(column string) predicate.Account { return seenPeople(viewer{column: column}) }

// seenPeople is [SeenPeople] for a viewer whom the query itself may name.
func seenPeople(viewer viewer) predicate.Account {
	return func(s *entsql.Selector) {
		s.Where(entsql.EQ(s.C(account.FieldState), accountActive))
		if viewer.anonymous() {
			return
		}
		blocks := entsql.Table(block.Table)
		s.Where(entsql.NotExists(entsql.Select(blocks.C(block.FieldID)).From(blocks).Where(entsql.And(
			entsql.ColumnsEQ(blocks.C(block.FieldBlockerID), s.C(account.FieldID)),
			viewer.is(blocks.C(block.FieldBlockedID)),
		))))
	}
}
