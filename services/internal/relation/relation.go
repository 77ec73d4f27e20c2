// Package relation answers how a person relates to others, for all services that tell it beside a person.
package relation

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/block"
	"github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/followrequest"
	"github.com/pulse-social/pulse/ent/mute"
)

// A Relation is how a viewer relates to one person. That the person blocks the viewer is not among it: who does is not
// there for the viewer.
type Relation struct {
	Following, FollowedBy  bool
	Requested, RequestedBy bool
	Blocking, Muting       bool
	// MuteExpireTime is when the mute ends by itself, nil when it does not.
	MuteExpireTime *timestamppb.Timestamp
}

// Of answers how a viewer relates to people at a time, by id, in four queries whatever their number. Who is not in the
// answer is somebody the viewer does not relate to at all.
func Of(ctx context.Context, db *ent.Client, viewer int64, now time.Time, userIDs ...int64) (map[int64]Relation, error) {
	relations := make(map[int64]Relation, len(userIDs))
	for _, add := range []func(context.Context, *ent.Client, int64, time.Time, []int64, map[int64]Relation) error{
		addFollows, addRequests, addBlocks, addMutes,
	} {
		if err := add(ctx, db, viewer, now, userIDs, relations); err != nil {
			return nil, err
		}
	}
	return relations, nil
}

func addFollows(ctx context.Context, db *ent.Client, viewer int64, _ time.Time, userIDs []int64, into map[int64]Relation) error {
	rows, err := db.Follow.Query().Where(follow.Or(
		follow.And(follow.FollowerID(viewer), follow.FolloweeIDIn(userIDs...)),
		follow.And(follow.FolloweeID(viewer), follow.FollowerIDIn(userIDs...)),
	)).All(ctx)
	if err != nil {
		return fmt.Errorf("read follows: %w", err)
	}
	for _, row := range rows {
		if row.FollowerID == viewer {
			change(into, row.FolloweeID, func(r *Relation) { r.Following = true })
		} else {
			change(into, row.FollowerID, func(r *Relation) { r.FollowedBy = true })
		}
	}
	return nil
}

func addRequests(ctx context.Context, db *ent.Client, viewer int64, _ time.Time, userIDs []int64, into map[int64]Relation) error {
	rows, err := db.FollowRequest.Query().Where(followrequest.Or(
		followrequest.And(followrequest.RequesterID(viewer), followrequest.TargetIDIn(userIDs...)),
		followrequest.And(followrequest.TargetID(viewer), followrequest.RequesterIDIn(userIDs...)),
	)).All(ctx)
	if err != nil {
		return fmt.Errorf("read requests to follow: %w", err)
	}
	for _, row := range rows {
		if row.RequesterID == viewer {
			change(into, row.TargetID, func(r *Relation) { r.Requested = true })
		} else {
			change(into, row.RequesterID, func(r *Relation) { r.RequestedBy = true })
		}
	}
	return nil
}

func addBlocks(ctx context.Context, db *ent.Client, viewer int64, _ time.Time, userIDs []int64, into map[int64]Relation) error {
	rows, err := db.Block.Query().Where(block.BlockerID(viewer), block.BlockedIDIn(userIDs...)).All(ctx)
	if err != nil {
		return fmt.Errorf("read blocks: %w", err)
	}
	for _, row := range rows {
		change(into, row.BlockedID, func(r *Relation) { r.Blocking = true })
	}
	return nil
}

func addMutes(ctx context.Context, db *ent.Client, viewer int64, now time.Time, userIDs []int64, into map[int64]Relation) error {
	rows, err := db.Mute.Query().
		Where(mute.MuterID(viewer), mute.MutedIDIn(userIDs...), mute.Or(mute.ExpiresAtIsNil(), mute.ExpiresAtGT(now))).All(ctx)
	if err != nil {
		return fmt.Errorf("read mutes: %w", err)
	}
	for _, row := range rows {
		change(into, row.MutedID, func(r *Relation) {
			if r.Muting = true; row.ExpiresAt != nil {
				r.MuteExpireTime = timestamppb.New(*row.ExpiresAt)
			}
		})
	}
	return nil
}

// change changes the relation to one person.
func change(relations map[int64]Relation, userID int64, fn func(*Relation)) {
	r := relations[userID]
	fn(&r)
	relations[userID] = r
}
