// Package graph is the service for how people relate: who follows whom, whom one blocks or mutes, whom one keeps on lists,
// and whom one may want to follow.
package graph

import (
	"context"

	"connectrpc.com/connect/v2"
	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	"github.com/pulse-social/pulse/gen/pulse/graph/v1/graphv1connect"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/relation"
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
	now        clock.Clock
}

// New makes the service.
func New(d service.Deps) service.Service {
	h := &handler{db: d.DB, visibility: d.Visibility, stamps: d.Stamps, now: d.Now}
	return service.Service{
		Register:  func(s *connect.Server) { graphv1connect.RegisterGraphServiceHandler(s, h) },
		Consumers: []bus.Consumer{h.privacyConsumer(), h.eraseConsumer()},
	}
}

// descending orders newest first.
var descending = entsql.OrderDesc()

// mustSee fails with USER_NOT_FOUND when there is no such person, as far as the caller may see.
func mustSee(ctx context.Context, policy *visibility.Policy, userID int64) error {
	_, err := policy.User(ctx, auth.Caller(ctx).UserID, userID)
	if store.IsNotFound(err) {
		return rpc.Fail(errorsv1.Reason_REASON_USER_NOT_FOUND, "there is no such person")
	}
	return err
}

// between locks how two people relate, looks whether the caller may see the other, and answers the relationship. Every
// change of it begins here, so that of a follow and a block at once, for instance, one sees the other.
func (h *handler) between(ctx context.Context, tx *store.Tx, caller, other int64) (*graphv1.Relationship, error) {
	if err := lockPair(ctx, tx, caller, other); err != nil {
		return nil, err
	}
	if err := mustSee(ctx, h.visibility.In(tx.Client), other); err != nil {
		return nil, err
	}
	relations, err := relation.Of(ctx, tx.Client, caller, tx.Now, other)
	return toProto(other, relations[other]), err
}

// lockPair locks how two people relate until the transaction ends.
func lockPair(ctx context.Context, tx *store.Tx, a, b int64) error {
	return tx.Lock(ctx, "relation", min(a, b), max(a, b))
}

// BatchGetRelationships answers how the caller relates to people, in the order asked.
func (h *handler) BatchGetRelationships(ctx context.Context, req *graphv1.BatchGetRelationshipsRequest) (*graphv1.BatchGetRelationshipsResponse, error) {
	viewer, userIDs := auth.Caller(ctx).UserID, req.GetUserIds()
	seen, err := h.visibility.Users(ctx, viewer, userIDs)
	if err != nil {
		return nil, err
	}
	relations, err := relation.Of(ctx, h.db.Client, viewer, h.now(), userIDs...)
	if err != nil {
		return nil, err
	}
	answer := &graphv1.BatchGetRelationshipsResponse{}
	for _, userID := range userIDs {
		if seen[userID] != nil {
			answer.Relationships = append(answer.Relationships, toProto(userID, relations[userID]))
		}
	}
	return answer, nil
}

func toProto(userID int64, r relation.Relation) *graphv1.Relationship {
	return &graphv1.Relationship{
		UserId: userID, Following: r.Following, FollowedBy: r.FollowedBy, Requested: r.Requested, RequestedBy: r.RequestedBy,
		Blocking: r.Blocking, Muting: r.Muting, MuteExpireTime: r.MuteExpireTime,
	}
}

// exists tells whether one person follows another.
func exists(ctx context.Context, client *ent.Client, follower, followee int64) (bool, error) {
	return client.Follow.Query().Where(follows(follower, followee)).Exist(ctx)
}
