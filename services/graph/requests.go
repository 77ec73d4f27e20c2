package graph

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/followrequest"
	"github.com/pulse-social/pulse/ent/predicate"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// ListFollowRequests lists who asks to follow the caller, newest first.
func (h *handler) ListFollowRequests(ctx context.Context, req *graphv1.ListFollowRequestsRequest) (*graphv1.ListFollowRequestsResponse, error) {
	listed, next, err := h.listRequests(ctx, req, followrequest.TargetID(auth.Caller(ctx).UserID), followrequest.FieldRequesterID,
		func(r *ent.FollowRequest) int64 { return r.RequesterID })
	return &graphv1.ListFollowRequestsResponse{FollowRequests: listed, NextPageToken: next}, err
}

// ListSentFollowRequests lists whom the caller asks to follow, newest first.
func (h *handler) ListSentFollowRequests(ctx context.Context, req *graphv1.ListSentFollowRequestsRequest) (*graphv1.ListSentFollowRequestsResponse, error) {
	listed, next, err := h.listRequests(ctx, req, followrequest.RequesterID(auth.Caller(ctx).UserID), followrequest.FieldTargetID,
		func(r *ent.FollowRequest) int64 { return r.TargetID })
	return &graphv1.ListSentFollowRequestsResponse{FollowRequests: listed, NextPageToken: next}, err
}

// listRequests answers a page of requests, each as the person at its other end, whose id stands in a column.
func (h *handler) listRequests(
	ctx context.Context, req page.Request, which predicate.FollowRequest, column string, other func(*ent.FollowRequest) int64,
) ([]*graphv1.FollowRequestListing, string, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, "", err
	}
	rows, err := h.db.FollowRequest.Query().
		Where(which, followrequest.IDLT(before(cursor)), visibility.SeenPersonIn(auth.Caller(ctx).UserID, column)).
		Order(followrequest.ByID(descending)).Limit(cursor.Size + 1).All(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("read requests to follow: %w", err)
	}
	rows, next := cut(cursor, rows, func(r *ent.FollowRequest) int64 { return r.ID })
	listed, err := lines(ctx, h, rows, other, func(r *ent.FollowRequest, user *userv1.UserSummary) *graphv1.FollowRequestListing {
		return &graphv1.FollowRequestListing{User: user, RequestTime: timestamppb.New(id.Time(r.ID))}
	})
	return listed, next, err
}

// ApproveFollowRequest lets a person follow the caller who asks to.
func (h *handler) ApproveFollowRequest(ctx context.Context, req *graphv1.ApproveFollowRequestRequest) (*graphv1.ApproveFollowRequestResponse, error) {
	caller, requester := auth.Caller(ctx).UserID, req.GetUserId()
	defer h.stamps.Changed(ctx, requester, stamp.Follows)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*graphv1.ApproveFollowRequestResponse, error) {
		r, err := h.between(ctx, tx, caller, requester)
		if err != nil {
			return nil, err
		}
		if !r.GetRequestedBy() && !r.GetFollowedBy() {
			return nil, rpc.Fail(errorsv1.Reason_REASON_FOLLOW_REQUEST_NOT_FOUND, "this person does not ask to follow you")
		}
		r.RequestedBy, r.FollowedBy = false, true
		_, err = approve(ctx, tx, requester, caller)
		return &graphv1.ApproveFollowRequestResponse{Relationship: r}, err
	})
}

// RejectFollowRequest turns a request to follow the caller down.
func (h *handler) RejectFollowRequest(ctx context.Context, req *graphv1.RejectFollowRequestRequest) (*graphv1.RejectFollowRequestResponse, error) {
	caller, requester := auth.Caller(ctx).UserID, req.GetUserId()
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*graphv1.RejectFollowRequestResponse, error) {
		r, err := h.between(ctx, tx, caller, requester)
		if err != nil {
			return nil, err
		}
		r.RequestedBy = false
		return &graphv1.RejectFollowRequestResponse{Relationship: r}, withdraw(ctx, tx, requester, caller)
	})
}

// ask writes that one person asks to follow another.
func ask(ctx context.Context, tx *store.Tx, requester, target int64) error {
	err := tx.FollowRequest.Create().SetID(tx.NewID()).SetRequesterID(requester).SetTargetID(target).Exec(ctx)
	if err != nil {
		return err
	}
	return tx.Emit(&busv1.FollowRequested{RequesterId: requester, TargetId: target})
}

// approve makes a follow of a request, if it still is there, and tells whether it was.
func approve(ctx context.Context, tx *store.Tx, requester, target int64) (bool, error) {
	gone, err := tx.FollowRequest.Delete().Where(asks(requester, target)).Exec(ctx)
	if err != nil || gone == 0 {
		return false, err
	}
	if err := tx.Emit(&busv1.FollowRequestApproved{RequesterId: requester, TargetId: target}); err != nil {
		return false, err
	}
	already, err := exists(ctx, tx.Client, requester, target)
	if err != nil || already {
		return true, err
	}
	return true, follow(ctx, tx, requester, target)
}

// withdraw ends a request without a follow, if there is one.
func withdraw(ctx context.Context, tx *store.Tx, requester, target int64) error {
	gone, err := tx.FollowRequest.Delete().Where(asks(requester, target)).Exec(ctx)
	if err != nil || gone == 0 {
		return err
	}
	return tx.Emit(&busv1.FollowRequestWithdrawn{RequesterId: requester, TargetId: target})
}

// asks matches that one person asks to follow another.
func asks(requester, target int64) predicate.FollowRequest {
	return followrequest.And(followrequest.RequesterID(requester), followrequest.TargetID(target))
}
