package graph

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	entfollow "github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/predicate"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/people"
)

// ListFollowers lists who follows a person, newest first.
func (h *handler) ListFollowers(ctx context.Context, req *graphv1.ListFollowersRequest) (*graphv1.ListFollowersResponse, error) {
	listed, next, err := h.list(ctx, req, entfollow.FolloweeID(req.GetUserId()), func(f *ent.Follow) int64 { return f.FollowerID })
	return &graphv1.ListFollowersResponse{Followers: listed, NextPageToken: next}, err
}

// ListFollowing lists whom a person follows, newest first.
func (h *handler) ListFollowing(ctx context.Context, req *graphv1.ListFollowingRequest) (*graphv1.ListFollowingResponse, error) {
	listed, next, err := h.list(ctx, req, entfollow.FollowerID(req.GetUserId()), func(f *ent.Follow) int64 { return f.FolloweeID })
	return &graphv1.ListFollowingResponse{Following: listed, NextPageToken: next}, err
}

// listRequest is what the requests of both lists have.
type listRequest interface {
	page.Request
	GetUserId() int64
}

// list answers a page of follows, each as the person at its other end, and the token of the next page.
func (h *handler) list(ctx context.Context, req listRequest, which predicate.Follow, other func(*ent.Follow) int64) ([]*graphv1.FollowListing, string, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, "", err
	}
	if err := mustSee(ctx, h.visibility, req.GetUserId()); err != nil {
		return nil, "", err
	}
	query := h.db.Follow.Query().Where(which).Order(entfollow.ByID(descending)).Limit(cursor.Size + 1)
	if cursor.After != 0 {
		query.Where(entfollow.IDLT(cursor.After))
	}
	follows, err := query.All(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("read follows: %w", err)
	}
	next := ""
	if len(follows) > cursor.Size {
		follows = follows[:cursor.Size]
		next = cursor.Token(follows[cursor.Size-1].ID, page.Onward)
	}
	listed, err := h.render(ctx, follows, other)
	return listed, next, err
}

// render answers follows as lines of a list; whom the caller may not see is left out.
func (h *handler) render(ctx context.Context, follows []*ent.Follow, other func(*ent.Follow) int64) ([]*graphv1.FollowListing, error) {
	userIDs := make([]int64, len(follows))
	for i, f := range follows {
		userIDs[i] = other(f)
	}
	users, err := people.Summaries(ctx, h.db, h.visibility, auth.Caller(ctx).UserID, userIDs)
	if err != nil {
		return nil, err
	}
	listed := make([]*graphv1.FollowListing, 0, len(follows))
	for i, f := range follows {
		if user := users[userIDs[i]]; user != nil {
			listed = append(listed, &graphv1.FollowListing{User: user, FollowTime: timestamppb.New(id.Time(f.ID))})
		}
	}
	return listed, nil
}
