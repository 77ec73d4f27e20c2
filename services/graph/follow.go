package graph

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	entfollow "github.com/pulse-social/pulse/ent/follow"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// Follow makes the caller follow a person, once.
func (h *handler) Follow(ctx context.Context, req *graphv1.FollowRequest) (*graphv1.FollowResponse, error) {
	caller, followee := auth.Caller(ctx).UserID, req.GetUserId()
	if caller == followee {
		return nil, rpc.Fail(errorsv1.Reason_REASON_CANNOT_FOLLOW_SELF, "you cannot follow yourself")
	}
	defer h.stamps.Changed(ctx, caller, stamp.Follows)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*graphv1.FollowResponse, error) {
		if err := mustSee(ctx, h.visibility.In(tx.Client), followee); err != nil {
			return nil, err
		}
		answer := &graphv1.FollowResponse{}
		follows, err := exists(ctx, tx.Client, caller, followee)
		if err != nil {
			return nil, err
		}
		if !follows {
			if err := tx.Follow.Create().SetID(tx.NewID()).SetFollowerID(caller).SetFolloweeID(followee).Exec(ctx); err != nil {
				return nil, err
			}
			if err := tx.Emit(&busv1.UserFollowed{FollowerId: caller, FolloweeId: followee}); err != nil {
				return nil, err
			}
		}
		answer.Relationship, err = relationship(ctx, tx.Client, caller, followee)
		return answer, err
	})
}

// Unfollow makes the caller stop following a person, if they do.
func (h *handler) Unfollow(ctx context.Context, req *graphv1.UnfollowRequest) (*graphv1.UnfollowResponse, error) {
	caller, followee := auth.Caller(ctx).UserID, req.GetUserId()
	defer h.stamps.Changed(ctx, caller, stamp.Follows)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*graphv1.UnfollowResponse, error) {
		if err := mustSee(ctx, h.visibility.In(tx.Client), followee); err != nil {
			return nil, err
		}
		gone, err := tx.Follow.Delete().Where(entfollow.FollowerID(caller), entfollow.FolloweeID(followee)).Exec(ctx)
		if err != nil {
			return nil, err
		}
		if gone > 0 {
			if err := tx.Emit(&busv1.UserUnfollowed{FollowerId: caller, FolloweeId: followee}); err != nil {
				return nil, err
			}
		}
		r, err := relationship(ctx, tx.Client, caller, followee)
		return &graphv1.UnfollowResponse{Relationship: r}, err
	})
}

// exists tells whether one person follows another.
func exists(ctx context.Context, client *ent.Client, follower, followee int64) (bool, error) {
	return client.Follow.Query().Where(entfollow.FollowerID(follower), entfollow.FolloweeID(followee)).Exist(ctx)
}

// relationship answers how two people relate, as the first sees it.
func relationship(ctx context.Context, client *ent.Client, viewer, other int64) (*graphv1.Relationship, error) {
	rows, err := client.Follow.Query().Where(entfollow.Or(
		entfollow.And(entfollow.FollowerID(viewer), entfollow.FolloweeID(other)),
		entfollow.And(entfollow.FollowerID(other), entfollow.FolloweeID(viewer)),
	)).All(ctx)
	if err != nil {
		return nil, err
	}
	r := &graphv1.Relationship{UserId: other}
	for _, row := range rows {
		if row.FollowerID == viewer {
			r.Following = true
		} else {
			r.FollowedBy = true
		}
	}
	return r, nil
}
