package graph

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	entblock "github.com/pulse-social/pulse/ent/block"
	"github.com/pulse-social/pulse/ent/userlist"
	"github.com/pulse-social/pulse/ent/userlistmember"
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

// BlockUser blocks a person, and ends what the two have to do with each other.
func (h *handler) BlockUser(ctx context.Context, req *graphv1.BlockUserRequest) (*graphv1.BlockUserResponse, error) {
	caller, blocked := auth.Caller(ctx).UserID, req.GetUserId()
	if caller == blocked {
		return nil, rpc.Fail(errorsv1.Reason_REASON_CANNOT_BLOCK_SELF, "you cannot block yourself")
	}
	defer h.changedBoth(ctx, caller, blocked)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*graphv1.BlockUserResponse, error) {
		r, err := h.between(ctx, tx, caller, blocked)
		if err != nil || r.GetBlocking() {
			return &graphv1.BlockUserResponse{Relationship: r}, err
		}
		if err := part(ctx, tx, caller, blocked); err != nil {
			return nil, err
		}
		if err := tx.Block.Create().SetID(tx.NewID()).SetBlockerID(caller).SetBlockedID(blocked).Exec(ctx); err != nil {
			return nil, err
		}
		r.Following, r.FollowedBy, r.Requested, r.RequestedBy, r.Blocking = false, false, false, false, true
		return &graphv1.BlockUserResponse{Relationship: r}, tx.Emit(&busv1.UserBlocked{BlockerId: caller, BlockedId: blocked})
	})
}

// UnblockUser takes a block back, if there is one.
func (h *handler) UnblockUser(ctx context.Context, req *graphv1.UnblockUserRequest) (*graphv1.UnblockUserResponse, error) {
	caller, blocked := auth.Caller(ctx).UserID, req.GetUserId()
	defer h.changedBoth(ctx, caller, blocked)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*graphv1.UnblockUserResponse, error) {
		r, err := h.between(ctx, tx, caller, blocked)
		if err != nil {
			return nil, err
		}
		r.Blocking = false
		gone, err := tx.Block.Delete().Where(entblock.BlockerID(caller), entblock.BlockedID(blocked)).Exec(ctx)
		if err == nil && gone > 0 {
			err = tx.Emit(&busv1.UserUnblocked{BlockerId: caller, BlockedId: blocked})
		}
		return &graphv1.UnblockUserResponse{Relationship: r}, err
	})
}

// changedBoth stamps two people: either sees something else from now on.
func (h *handler) changedBoth(ctx context.Context, a, b int64) {
	h.stamps.Changed(ctx, a, stamp.Follows)
	h.stamps.Changed(ctx, b, stamp.Follows)
}

// part ends follows and requests between two people, and takes either off the other's lists.
func part(ctx context.Context, tx *store.Tx, a, b int64) error {
	for _, way := range [][2]int64{{a, b}, {b, a}} {
		if err := unfollow(ctx, tx, way[0], way[1]); err != nil {
			return err
		}
		if err := withdraw(ctx, tx, way[0], way[1]); err != nil {
			return err
		}
		lists := entsql.Table(userlist.Table)
		_, err := tx.UserListMember.Delete().Where(userlistmember.UserID(way[1]), func(s *entsql.Selector) {
			s.Where(entsql.In(s.C(userlistmember.FieldListID),
				entsql.Select(lists.C(userlist.FieldID)).From(lists).Where(entsql.EQ(lists.C(userlist.FieldOwnerID), way[0]))))
		}).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// ListBlocked lists whom the caller blocks, newest first.
func (h *handler) ListBlocked(ctx context.Context, req *graphv1.ListBlockedRequest) (*graphv1.ListBlockedResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	caller := auth.Caller(ctx).UserID
	rows, err := h.db.Block.Query().
		Where(entblock.BlockerID(caller), entblock.IDLT(before(cursor)), visibility.SeenPersonIn(caller, entblock.FieldBlockedID)).
		Order(entblock.ByID(descending)).Limit(cursor.Size + 1).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read blocks: %w", err)
	}
	rows, next := cut(cursor, rows, func(b *ent.Block) int64 { return b.ID })
	blocked, err := lines(ctx, h, rows, func(b *ent.Block) int64 { return b.BlockedID }, func(b *ent.Block, user *userv1.UserSummary) *graphv1.BlockListing {
		return &graphv1.BlockListing{User: user, BlockTime: timestamppb.New(id.Time(b.ID))}
	})
	return &graphv1.ListBlockedResponse{Blocked: blocked, NextPageToken: next}, err
}
