package graph

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/userlistmember"
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

// maxMembers bounds how many people are on a list.
const maxMembers = 500

// AddListMember puts a person on a list of the caller's, once.
func (h *handler) AddListMember(ctx context.Context, req *graphv1.AddListMemberRequest) (*graphv1.AddListMemberResponse, error) {
	caller, userID := auth.Caller(ctx).UserID, req.GetUserId()
	defer h.stamps.Changed(ctx, caller, stamp.Follows)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*graphv1.AddListMemberResponse, error) {
		answer := &graphv1.AddListMemberResponse{}
		list, err := lockedList(ctx, tx, req.GetListId())
		if err != nil {
			return nil, err
		}
		r, err := h.between(ctx, tx, caller, userID)
		if err != nil {
			return nil, err
		}
		if r.GetBlocking() {
			return nil, rpc.Fail(errorsv1.Reason_REASON_USER_BLOCKED, "you block this person: unblock them to put them on a list")
		}
		is, err := tx.UserListMember.Query().Where(userlistmember.ListID(list.ID), userlistmember.UserID(userID)).Exist(ctx)
		if err != nil || is {
			return answer, err
		}
		n, err := tx.UserListMember.Query().Where(userlistmember.ListID(list.ID)).Count(ctx)
		if err != nil {
			return nil, err
		}
		if n >= maxMembers {
			return nil, rpc.Fail(errorsv1.Reason_REASON_LIST_FULL, "the list has %d members, which is as many as one may: remove one first", n).
				With("limit", maxMembers)
		}
		return answer, tx.UserListMember.Create().SetID(tx.NewID()).SetListID(list.ID).SetUserID(userID).Exec(ctx)
	})
}

// RemoveListMember takes a person off a list of the caller's. Whether there is such a person does not matter for that.
func (h *handler) RemoveListMember(ctx context.Context, req *graphv1.RemoveListMemberRequest) (*graphv1.RemoveListMemberResponse, error) {
	defer h.stamps.Changed(ctx, auth.Caller(ctx).UserID, stamp.Follows)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*graphv1.RemoveListMemberResponse, error) {
		list, err := lockedList(ctx, tx, req.GetListId())
		if err != nil {
			return nil, err
		}
		_, err = tx.UserListMember.Delete().Where(userlistmember.ListID(list.ID), userlistmember.UserID(req.GetUserId())).Exec(ctx)
		return &graphv1.RemoveListMemberResponse{}, err
	})
}

// ListListMembers lists who is on a list of the caller's, newest first.
func (h *handler) ListListMembers(ctx context.Context, req *graphv1.ListListMembersRequest) (*graphv1.ListListMembersResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	list, err := ownList(ctx, h.db.Client, req.GetListId())
	if err != nil {
		return nil, err
	}
	rows, err := h.db.UserListMember.Query().
		Where(
			userlistmember.ListID(list.ID), userlistmember.IDLT(before(cursor)),
			visibility.SeenPersonIn(list.OwnerID, userlistmember.FieldUserID),
		).
		Order(userlistmember.ByID(descending)).Limit(cursor.Size + 1).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	rows, next := cut(cursor, rows, func(m *ent.UserListMember) int64 { return m.ID })
	members, err := lines(ctx, h, rows, func(m *ent.UserListMember) int64 { return m.UserID },
		func(m *ent.UserListMember, user *userv1.UserSummary) *graphv1.ListMember {
			return &graphv1.ListMember{User: user, AddTime: timestamppb.New(id.Time(m.ID))}
		})
	return &graphv1.ListListMembersResponse{Members: members, NextPageToken: next}, err
}
