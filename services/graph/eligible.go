package graph

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent/account"
	"github.com/pulse-social/pulse/ent/block"
	"github.com/pulse-social/pulse/ent/dismissal"
	entfollow "github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/followrequest"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// eligible answers those of the candidates who may be recommended to a viewer, in their order: not whom the viewer follows
// or asks to, blocks, mutes or has dismissed, nor the viewer.
func (h *handler) eligible(ctx context.Context, viewer int64, candidates []candidate) ([]candidate, error) {
	if len(candidates) == 0 {
		return nil, nil
	}
	ids, err := h.db.Account.Query().Where(
		account.IDIn(idsOf(candidates)...), account.IDNEQ(viewer), visibility.SeenPeople(viewer),
		unrelated(entfollow.Table, entfollow.FieldFollowerID, viewer, entfollow.FieldFolloweeID),
		unrelated(followrequest.Table, followrequest.FieldRequesterID, viewer, followrequest.FieldTargetID),
		unrelated(block.Table, block.FieldBlockerID, viewer, block.FieldBlockedID),
		unrelated(dismissal.Table, dismissal.FieldUserID, viewer, dismissal.FieldDismissedID),
		h.notMutedIn(viewer, account.FieldID),
	).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("look who may be recommended: %w", err)
	}
	may := make(map[int64]bool, len(ids))
	for _, id := range ids {
		may[id] = true
	}
	var left []candidate
	for _, c := range candidates {
		if may[c.id] {
			left = append(left, c)
		}
	}
	return left, nil
}

// unrelated matches accounts that no row of a table relates a viewer to.
func unrelated(table, from string, viewer int64, to string) func(*entsql.Selector) {
	return func(s *entsql.Selector) {
		rows := entsql.Table(table)
		s.Where(entsql.NotExists(entsql.Select(rows.C(to)).From(rows).Where(entsql.And(
			entsql.EQ(rows.C(from), viewer), entsql.ColumnsEQ(rows.C(to), s.C(account.FieldID)),
		))))
	}
}

// DismissRecommendation keeps a person out of the caller's recommendations.
func (h *handler) DismissRecommendation(ctx context.Context, req *graphv1.DismissRecommendationRequest) (*graphv1.DismissRecommendationResponse, error) {
	caller, userID := auth.Caller(ctx).UserID, req.GetUserId()
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*graphv1.DismissRecommendationResponse, error) {
		answer := &graphv1.DismissRecommendationResponse{}
		if err := mustSee(ctx, h.visibility.In(tx.Client), userID); err != nil {
			return nil, err
		}
		is, err := tx.Dismissal.Query().Where(dismissal.UserID(caller), dismissal.DismissedID(userID)).Exist(ctx)
		if err != nil || is {
			return answer, err
		}
		return answer, tx.Dismissal.Create().SetID(tx.NewID()).SetUserID(caller).SetDismissedID(userID).Exec(ctx)
	})
}
