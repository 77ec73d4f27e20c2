package graph

import (
	"context"

	entfollow "github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/predicate"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// Follow makes the caller follow a person, or ask to when their account is private, once.
func (h *handler) Follow(ctx context.Context, req *graphv1.FollowRequest) (*graphv1.FollowResponse, error) {
	caller, followee := auth.Caller(ctx).UserID, req.GetUserId()
	if caller == followee {
		return nil, rpc.Fail(errorsv1.Reason_REASON_CANNOT_FOLLOW_SELF, "you cannot follow yourself")
	}
	defer h.stamps.Changed(ctx, caller, stamp.Follows)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*graphv1.FollowResponse, error) {
		r, err := h.between(ctx, tx, caller, followee)
		if err != nil {
			return nil, err
		}
		if r.GetBlocking() {
			return nil, rpc.Fail(errorsv1.Reason_REASON_USER_BLOCKED, "you block this person: unblock them to follow them")
		}
		return &graphv1.FollowResponse{Relationship: r}, h.followOrAsk(ctx, tx, caller, r)
	})
}

// followOrAsk changes the relationship to one of following, or of having asked to.
func (h *handler) followOrAsk(ctx context.Context, tx *store.Tx, caller int64, r *graphv1.Relationship) error {
	if r.GetFollowing() {
		return nil
	}
	private, err := h.visibility.In(tx.Client).Private(ctx, r.GetUserId())
	switch {
	case err != nil || private && r.GetRequested():
		return err
	case private:
		r.Requested = true
		return ask(ctx, tx, caller, r.GetUserId())
	case r.GetRequested(): // The account has just become public, and the request is about to be approved.
		r.Requested, r.Following = false, true
		_, err := approve(ctx, tx, caller, r.GetUserId())
		return err
	default:
		r.Following = true
		return follow(ctx, tx, caller, r.GetUserId())
	}
}

// Unfollow makes the caller stop following a person, or asking to.
func (h *handler) Unfollow(ctx context.Context, req *graphv1.UnfollowRequest) (*graphv1.UnfollowResponse, error) {
	caller, followee := auth.Caller(ctx).UserID, req.GetUserId()
	defer h.stamps.Changed(ctx, caller, stamp.Follows)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*graphv1.UnfollowResponse, error) {
		r, err := h.between(ctx, tx, caller, followee)
		if err != nil {
			return nil, err
		}
		r.Following, r.Requested = false, false
		if err := unfollow(ctx, tx, caller, followee); err != nil {
			return nil, err
		}
		return &graphv1.UnfollowResponse{Relationship: r}, withdraw(ctx, tx, caller, followee)
	})
}

// RemoveFollower makes a person stop following the caller.
func (h *handler) RemoveFollower(ctx context.Context, req *graphv1.RemoveFollowerRequest) (*graphv1.RemoveFollowerResponse, error) {
	caller, follower := auth.Caller(ctx).UserID, req.GetUserId()
	defer h.stamps.Changed(ctx, follower, stamp.Follows)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*graphv1.RemoveFollowerResponse, error) {
		r, err := h.between(ctx, tx, caller, follower)
		if err != nil {
			return nil, err
		}
		r.FollowedBy = false
		return &graphv1.RemoveFollowerResponse{Relationship: r}, unfollow(ctx, tx, follower, caller)
	})
}

// follow writes that one person follows another, who did not before.
func follow(ctx context.Context, tx *store.Tx, follower, followee int64) error {
	if err := tx.Follow.Create().SetID(tx.NewID()).SetFollowerID(follower).SetFolloweeID(followee).Exec(ctx); err != nil {
		return err
	}
	return tx.Emit(&busv1.UserFollowed{FollowerId: follower, FolloweeId: followee})
}

// unfollow ends that one person follows another, if they do.
func unfollow(ctx context.Context, tx *store.Tx, follower, followee int64) error {
	gone, err := tx.Follow.Delete().Where(follows(follower, followee)).Exec(ctx)
	if err != nil || gone == 0 {
		return err
	}
	return tx.Emit(&busv1.UserUnfollowed{FollowerId: follower, FolloweeId: followee})
}

// follows matches that one person follows another.
func follows(follower, followee int64) predicate.Follow {
	return entfollow.And(entfollow.FollowerID(follower), entfollow.FolloweeID(followee))
}
