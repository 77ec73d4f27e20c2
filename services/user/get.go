package user

import (
	"context"
	"strings"

	"github.com/pulse-social/pulse/ent"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// GetUser answers one person.
func (h *handler) GetUser(ctx context.Context, req *userv1.GetUserRequest) (*userv1.GetUserResponse, error) {
	account, err := h.find(ctx, req)
	if store.IsNotFound(err) {
		return nil, rpc.Fail(errorsv1.Reason_REASON_USER_NOT_FOUND, "there is no such person")
	}
	if err != nil {
		return nil, err
	}
	users, err := h.render(ctx, []*ent.Account{account})
	if err != nil {
		return nil, err
	}
	return &userv1.GetUserResponse{User: users[0]}, nil
}

// find looks for the person that the request names.
func (h *handler) find(ctx context.Context, req *userv1.GetUserRequest) (*ent.Account, error) {
	viewer := auth.Caller(ctx).UserID
	if handle := req.GetHandle(); handle != "" {
		return h.visibility.UserByHandle(ctx, viewer, strings.ToLower(handle))
	}
	return h.visibility.User(ctx, viewer, req.GetUserId())
}

// BatchGetUsers answers those of the people that the caller may see, in the order asked.
func (h *handler) BatchGetUsers(ctx context.Context, req *userv1.BatchGetUsersRequest) (*userv1.BatchGetUsersResponse, error) {
	found, err := h.visibility.Users(ctx, auth.Caller(ctx).UserID, req.GetUserIds())
	if err != nil {
		return nil, err
	}
	accounts := make([]*ent.Account, 0, len(found))
	for _, userID := range req.GetUserIds() {
		if account := found[userID]; account != nil {
			accounts = append(accounts, account)
		}
	}
	users, err := h.render(ctx, accounts)
	return &userv1.BatchGetUsersResponse{Users: users}, err
}
