package graph

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	entfollow "github.com/pulse-social/pulse/ent/follow"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
)

// descending orders newest first.
var descending = entsql.OrderDesc()

// BatchGetRelationships answers how the caller relates to people, in the order asked.
func (h *handler) BatchGetRelationships(ctx context.Context, req *graphv1.BatchGetRelationshipsRequest) (*graphv1.BatchGetRelationshipsResponse, error) {
	viewer, userIDs := auth.Caller(ctx).UserID, req.GetUserIds()
	seen, err := h.visibility.Users(ctx, viewer, userIDs)
	if err != nil {
		return nil, err
	}
	follows, err := h.db.Follow.Query().Where(entfollow.Or(
		entfollow.And(entfollow.FollowerID(viewer), entfollow.FolloweeIDIn(userIDs...)),
		entfollow.And(entfollow.FolloweeID(viewer), entfollow.FollowerIDIn(userIDs...)),
	)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read follows: %w", err)
	}
	following, followedBy := map[int64]bool{}, map[int64]bool{}
	for _, f := range follows {
		if f.FollowerID == viewer {
			following[f.FolloweeID] = true
		} else {
			followedBy[f.FollowerID] = true
		}
	}
	answer := &graphv1.BatchGetRelationshipsResponse{}
	for _, userID := range userIDs {
		if seen[userID] != nil {
			answer.Relationships = append(answer.Relationships, &graphv1.Relationship{
				UserId: userID, Following: following[userID], FollowedBy: followedBy[userID],
			})
		}
	}
	return answer, nil
}
