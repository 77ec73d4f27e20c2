package graph

import (
	"context"
	"fmt"
	"strconv"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/userlist"
	"github.com/pulse-social/pulse/ent/userlistmember"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// maxLists bounds how many lists one has.
const maxLists = 100

// CreateList makes an empty list.
func (h *handler) CreateList(ctx context.Context, req *graphv1.CreateListRequest) (*graphv1.CreateListResponse, error) {
	owner := auth.Caller(ctx).UserID
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*graphv1.CreateListResponse, error) {
		if err := tx.Lock(ctx, "lists", owner); err != nil {
			return nil, err
		}
		n, err := tx.UserList.Query().Where(userlist.OwnerID(owner)).Count(ctx)
		if err != nil {
			return nil, err
		}
		if n >= maxLists {
			return nil, rpc.Fail(errorsv1.Reason_REASON_TOO_MANY_LISTS, "you have %d lists, which is as many as one may: delete one first", n).
				With("limit", maxLists)
		}
		row, err := tx.UserList.Create().SetID(tx.NewID()).SetOwnerID(owner).SetName(req.GetName()).Save(ctx)
		if err != nil {
			return nil, err
		}
		return &graphv1.CreateListResponse{List: listToProto(row)}, nil
	})
}

// GetList answers a list of the caller's.
func (h *handler) GetList(ctx context.Context, req *graphv1.GetListRequest) (*graphv1.GetListResponse, error) {
	row, err := ownList(ctx, h.db.Client, req.GetListId())
	if err != nil {
		return nil, err
	}
	return &graphv1.GetListResponse{List: listToProto(row)}, nil
}

// UpdateList renames a list of the caller's.
func (h *handler) UpdateList(ctx context.Context, req *graphv1.UpdateListRequest) (*graphv1.UpdateListResponse, error) {
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*graphv1.UpdateListResponse, error) {
		row, err := lockedList(ctx, tx, req.GetListId())
		if err != nil {
			return nil, err
		}
		if req.GetEtag() != "" && req.GetEtag() != listEtag(row) {
			return nil, rpc.Fail(errorsv1.Reason_REASON_ETAG_MISMATCH, "the list was changed since you read it: read it again and repeat your change")
		}
		row, err = tx.UserList.UpdateOneID(row.ID).SetName(req.GetName()).AddVersion(1).Save(ctx)
		if err != nil {
			return nil, err
		}
		return &graphv1.UpdateListResponse{List: listToProto(row)}, nil
	})
}

// DeleteList deletes a list of the caller's, and who is on it from it.
func (h *handler) DeleteList(ctx context.Context, req *graphv1.DeleteListRequest) (*graphv1.DeleteListResponse, error) {
	defer h.stamps.Changed(ctx, auth.Caller(ctx).UserID, stamp.Follows)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*graphv1.DeleteListResponse, error) {
		row, err := lockedList(ctx, tx, req.GetListId())
		if err != nil {
			return nil, err
		}
		if _, err := tx.UserListMember.Delete().Where(userlistmember.ListID(row.ID)).Exec(ctx); err != nil {
			return nil, err
		}
		return &graphv1.DeleteListResponse{}, tx.UserList.DeleteOneID(row.ID).Exec(ctx)
	})
}

// ListLists lists the caller's lists, newest first.
func (h *handler) ListLists(ctx context.Context, req *graphv1.ListListsRequest) (*graphv1.ListListsResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	rows, err := h.db.UserList.Query().Where(userlist.OwnerID(auth.Caller(ctx).UserID), userlist.IDLT(before(cursor))).
		Order(userlist.ByID(descending)).Limit(cursor.Size + 1).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read lists: %w", err)
	}
	rows, next := cut(cursor, rows, func(l *ent.UserList) int64 { return l.ID })
	answer := &graphv1.ListListsResponse{NextPageToken: next}
	for _, row := range rows {
		answer.Lists = append(answer.Lists, listToProto(row))
	}
	return answer, nil
}

// ownList answers a list of the caller's, or LIST_NOT_FOUND.
func ownList(ctx context.Context, db *ent.Client, listID int64) (*ent.UserList, error) {
	row, err := db.UserList.Query().Where(userlist.ID(listID), userlist.OwnerID(auth.Caller(ctx).UserID)).Only(ctx)
	if store.IsNotFound(err) {
		return nil, rpc.Fail(errorsv1.Reason_REASON_LIST_NOT_FOUND, "you have no such list")
	}
	return row, err
}

// lockedList is [ownList] for a transaction that changes the list or who is on it.
func lockedList(ctx context.Context, tx *store.Tx, listID int64) (*ent.UserList, error) {
	if err := tx.Lock(ctx, "list", listID); err != nil {
		return nil, err
	}
	return ownList(ctx, tx.Client, listID)
}

func listToProto(row *ent.UserList) *graphv1.List {
	return &graphv1.List{Id: row.ID, Name: row.Name, CreateTime: timestamppb.New(id.Time(row.ID)), Etag: listEtag(row)}
}

// listEtag is the version of a list as callers get it.
func listEtag(row *ent.UserList) string { return strconv.FormatInt(row.Version, 36) }
