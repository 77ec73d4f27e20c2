package graph

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	entfollow "github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/mute"
	"github.com/pulse-social/pulse/ent/usercount"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/people"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// What bounds the work of a recommendation, whatever the size of the graph. The schema tells callers of the first two.
const (
	// followeesRead is how many of the caller's followees are looked at, and how many of each of theirs.
	followeesRead = 100
	// maxRecommended is how many people are answered at most, defaultRecommended how many where the request does not say.
	maxRecommended, defaultRecommended = 50, 20
	// scoredAtOnce is how many of the best candidates are looked at at once, and chunksRead how often more are when too many
	// of those are left out.
	scoredAtOnce, chunksRead = 200, 5
	// popularRead is how many of those with the most followers are looked at.
	popularRead = 500
	// namedFollowers is how many people are named as a reason.
	namedFollowers = 3
)

// RecommendUsers answers people whom the caller may want to follow; the schema states how they are found.
func (h *handler) RecommendUsers(ctx context.Context, req *graphv1.RecommendUsersRequest) (*graphv1.RecommendUsersResponse, error) {
	size := int(req.GetPageSize())
	if size == 0 {
		size = defaultRecommended
	}
	size = min(size, maxRecommended)
	viewer := auth.Caller(ctx).UserID
	found, err := h.throughFollowees(ctx, viewer, size)
	if err != nil {
		return nil, err
	}
	if len(found) < size {
		if found, err = h.addPopular(ctx, viewer, found, size); err != nil {
			return nil, err
		}
	}
	recommended, err := h.explain(ctx, viewer, found)
	return &graphv1.RecommendUsersResponse{Recommendations: recommended}, err
}

// throughFollowees answers the best of those whom the viewer's followees follow.
func (h *handler) throughFollowees(ctx context.Context, viewer int64, size int) ([]candidate, error) {
	followees, err := h.followeesOf(ctx, viewer)
	if err != nil || len(followees) == 0 {
		return nil, err
	}
	edges, err := h.followsOf(ctx, viewer, followees)
	if err != nil {
		return nil, err
	}
	following, err := h.readCounts(ctx, followees)
	if err != nil {
		return nil, err
	}
	candidates, chosen := gather(edges, following), []candidate{}
	for range chunksRead {
		chunk := candidates[:min(scoredAtOnce, len(candidates))]
		candidates = candidates[len(chunk):]
		if len(chunk) == 0 || len(chosen) >= size {
			break
		}
		left, err := h.eligible(ctx, viewer, chunk)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, left...)
	}
	counts, err := h.readCounts(ctx, idsOf(chosen))
	if err != nil {
		return nil, err
	}
	damp(chosen, counts)
	return chosen[:min(size, len(chosen))], nil
}

// followeesOf answers the newest followees of a viewer who may be named to them.
func (h *handler) followeesOf(ctx context.Context, viewer int64) ([]int64, error) {
	rows, err := h.db.Follow.Query().
		Where(entfollow.FollowerID(viewer), visibility.SeenPersonIn(viewer, entfollow.FieldFolloweeID), h.notMutedIn(viewer, entfollow.FieldFolloweeID)).
		Order(entfollow.ByID(descending)).Limit(followeesRead).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read followees: %w", err)
	}
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.FolloweeID
	}
	return ids, nil
}

// notMutedIn matches rows whose column holds nobody whom the viewer mutes.
func (h *handler) notMutedIn(viewer int64, column string) func(*entsql.Selector) {
	return func(s *entsql.Selector) { s.Where(entsql.Not(h.muted(viewer, s.C(column)))) }
}

// muted tells that the viewer mutes the person in a column.
func (h *handler) muted(viewer int64, column string) *entsql.Predicate {
	mutes := entsql.Table(mute.Table)
	return entsql.Exists(entsql.Select(mutes.C(mute.FieldID)).From(mutes).Where(entsql.And(
		entsql.EQ(mutes.C(mute.FieldMuterID), viewer),
		entsql.ColumnsEQ(mutes.C(mute.FieldMutedID), column),
		entsql.Or(entsql.IsNull(mutes.C(mute.FieldExpiresAt)), entsql.GT(mutes.C(mute.FieldExpiresAt), h.now())),
	)))
}

// followsOf answers the newest follows of each of the viewer's followees: for each, the database goes so far down one
// index and no further.
func (h *handler) followsOf(ctx context.Context, viewer int64, followees []int64) ([]edge, error) {
	args, in := []any{viewer, followeesRead - 1}, ""
	for _, followee := range followees {
		args = append(args, followee)
		in += fmt.Sprintf(", $%d", len(args))
	}
	rows, err := h.db.QueryContext(ctx, `SELECT f.follower_id, f.followee_id FROM follows z JOIN follows f
		ON f.follower_id = z.followee_id AND f.id >= COALESCE(
			(SELECT b.id FROM follows b WHERE b.follower_id = z.followee_id ORDER BY b.id DESC LIMIT 1 OFFSET $2), 0)
		WHERE z.follower_id = $1 AND z.followee_id IN (`+in[2:]+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("read follows of followees: %w", err)
	}
	defer rows.Close()
	var edges []edge
	for rows.Next() {
		var e edge
		if err := rows.Scan(&e.from, &e.to); err != nil {
			return nil, err
		}
		edges = append(edges, e)
	}
	return edges, rows.Err()
}

// counts are how many a person follows, and how many follow them.
type counts struct{ following, followers int64 }

// readCounts answers the counts of people, by id.
func (h *handler) readCounts(ctx context.Context, userIDs []int64) (map[int64]counts, error) {
	rows, err := h.db.UserCount.Query().Where(usercount.IDIn(userIDs...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read counts: %w", err)
	}
	read := make(map[int64]counts, len(rows))
	for _, row := range rows {
		read[row.ID] = counts{row.Following, row.Followers}
	}
	return read, nil
}

// addPopular fills recommendations up with those who have the most followers and have posted.
func (h *handler) addPopular(ctx context.Context, viewer int64, found []candidate, size int) ([]candidate, error) {
	rows, err := h.db.UserCount.Query().Where(usercount.FollowersGT(0)).
		Order(usercount.ByFollowers(descending), usercount.ByID(descending)).Limit(popularRead).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read who has the most followers: %w", err)
	}
	there := make(map[int64]bool, len(found))
	for _, c := range found {
		there[c.id] = true
	}
	var popular []candidate
	for _, row := range rows {
		if row.Posts > 0 && !there[row.ID] {
			popular = append(popular, candidate{id: row.ID})
		}
	}
	if popular, err = h.eligible(ctx, viewer, popular); err != nil {
		return nil, err
	}
	return append(found, popular[:min(size-len(found), len(popular))]...), nil
}

// explain answers candidates as the API does, each with the reason.
func (h *handler) explain(ctx context.Context, viewer int64, found []candidate) ([]*graphv1.Recommendation, error) {
	userIDs := idsOf(found)
	for _, c := range found {
		userIDs = append(userIDs, c.named()...)
	}
	users, err := people.Summaries(ctx, h.db, viewer, userIDs)
	if err != nil {
		return nil, err
	}
	recommended := make([]*graphv1.Recommendation, 0, len(found))
	for _, c := range found {
		user := users[c.id]
		if user == nil {
			continue // Gone in this moment.
		}
		r := &graphv1.Recommendation{User: user, Reason: graphv1.RecommendationReason_RECOMMENDATION_REASON_POPULAR}
		if len(c.through) > 0 {
			r.Reason, r.FollowedByCount = graphv1.RecommendationReason_RECOMMENDATION_REASON_FOLLOWED_BY_FOLLOWED, int32(len(c.through))
			r.FollowedBy = named(users, c.named())
		}
		recommended = append(recommended, r)
	}
	return recommended, nil
}

func named(users map[int64]*userv1.UserSummary, ids []int64) []*userv1.UserSummary {
	var found []*userv1.UserSummary
	for _, id := range ids {
		if user := users[id]; user != nil {
			found = append(found, user)
		}
	}
	return found
}
