// Package graph is the service for who follows whom.
package graph

import (
	"context"

	"connectrpc.com/connect/v2"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/gen/pulse/graph/v1/graphv1connect"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// handler serves pulse.graph.v1.GraphService.
type handler struct {
	db         *store.DB
	visibility *visibility.Policy
	stamps     *stamp.Book
}

// New makes the service.
func New(d service.Deps) service.Service {
	h := &handler{db: d.DB, visibility: d.Visibility, stamps: d.Stamps}
	return service.Service{
		Register: func(s *connect.Server) { graphv1connect.RegisterGraphServiceHandler(s, h) },
	}
}

// mustSee fails with USER_NOT_FOUND when there is no such person, as far as the caller may see.
func mustSee(ctx context.Context, policy *visibility.Policy, userID int64) error {
	_, err := policy.User(ctx, auth.Caller(ctx).UserID, userID)
	if store.IsNotFound(err) {
		return rpc.Fail(errorsv1.Reason_REASON_USER_NOT_FOUND, "there is no such person")
	}
	return err
}
