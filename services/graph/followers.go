package graph

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	entfollow "github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/predicate"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// ListFollowers lists who follows a person, newest first.
func (h *handler) ListFollowers(ctx context.Context, req *graphv1.ListFollowersRequest) (*graphv1.ListFollowersResponse, error) {
	listed, next, err := h.listFollows(ctx, req, entfollow.FolloweeID(req.GetUserId()), entfollow.FieldFollowerID,
		func(f *ent.Follow) int64 { return f.FollowerID })
	return &graphv1.ListFollowersResponse{Followers: listed, NextPageToken: next}, err
}

// ListFollowing lists whom a person follows, newest first.
func (h *handler) ListFollowing(ctx context.Context, req *graphv1.ListFollowingRequest) (*graphv1.ListFollowingResponse, error) {
	listed, next, err := h.listFollows(ctx, req, entfollow.FollowerID(req.GetUserId()), entfollow.FieldFolloweeID,
		func(f *ent.Follow) int64 { return f.FolloweeID })
	return &graphv1.ListFollowingResponse{Following: listed, NextPageToken: next}, err
}

// listRequest is what the requests of both lists have.
type listRequest interface {
	page.Request
	GetUserId() int64
}

// listFollows answers a page of follows, each as the person at its other end, whose id stands in a column.
func (h *handler) listFollows(
	ctx context.Context, req listRequest, which predicate.Follow, column string, other func(*ent.Follow) int64,
) ([]*graphv1.FollowListing, string, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, "", err
	}
	if err := h.mustSeeFollows(ctx, req.GetUserId()); err != nil {
		return nil, "", err
	}
	rows, err := h.db.Follow.Query().
		Where(which, entfollow.IDLT(before(cursor)), visibility.SeenPersonIn(auth.Caller(ctx).UserID, column)).
		Order(entfollow.ByID(descending)).Limit(cursor.Size + 1).All(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("read follows: %w", err)
	}
	rows, next := cut(cursor, rows, func(f *ent.Follow) int64 { return f.ID })
	listed, err := lines(ctx, h, rows, other, func(f *ent.Follow, user *userv1.UserSummary) *graphv1.FollowListing {
		return &graphv1.FollowListing{User: user, FollowTime: timestamppb.New(id.Time(f.ID))}
	})
	return listed, next, err
}

// mustSeeFollows fails unless the caller may see a person, and whom they follow.
func (h *handler) mustSeeFollows(ctx context.Context, userID int64) error {
	if err := mustSee(ctx, h.visibility, userID); err != nil {
		return err
	}
	may, err := h.visibility.MaySeeFollows(ctx, auth.Caller(ctx).UserID, userID)
	if err != nil || may {
		return err
	}
	return rpc.Fail(errorsv1.Reason_REASON_FOLLOWS_PRIVATE,
		"the account is private: only its followers see whom it follows and who follows it")
}
