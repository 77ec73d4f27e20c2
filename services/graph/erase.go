package graph

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent/block"
	"github.com/pulse-social/pulse/ent/dismissal"
	entfollow "github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/followrequest"
	entmute "github.com/pulse-social/pulse/ent/mute"
	"github.com/pulse-social/pulse/ent/mutedword"
	"github.com/pulse-social/pulse/ent/userlist"
	"github.com/pulse-social/pulse/ent/userlistmember"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/store"
)

// eraseConsumer erases what the graph holds of a deleted account. Each batch of rows is a transaction of its own, with the
// events that keep the counts of others right: what is gone stays gone when it is done again.
func (h *handler) eraseConsumer() bus.Consumer {
	return bus.Consumer{Name: "graph.erase", Events: []proto.Message{&busv1.AccountDeleted{}}, Prepare: h.erase}
}

func (h *handler) erase(ctx context.Context, events []bus.Event) error {
	for _, event := range events {
		deleted, ok := event.Message.(*busv1.AccountDeleted)
		if !ok {
			continue
		}
		for _, batch := range []func(context.Context, *store.Tx, int64) (int, error){
			eraseFollows, eraseRequests, eraseLists, eraseOwn,
		} {
			if err := h.inBatches(ctx, deleted.GetUserId(), batch); err != nil {
				// There may be more than one try has time for; the next goes on where this ended.
				return bus.Later(fmt.Errorf("erase %d: %w", deleted.GetUserId(), err))
			}
		}
	}
	return nil
}

// inBatches runs batch in transactions until it finds fewer rows than a batch has.
func (h *handler) inBatches(ctx context.Context, userID int64, batch func(context.Context, *store.Tx, int64) (int, error)) error {
	for {
		var n int
		err := h.db.Write(ctx, func(tx *store.Tx) (err error) {
			n, err = batch(ctx, tx, userID)
			return err
		})
		if err != nil || n < changeBatch {
			return err
		}
	}
}

// eraseFollows ends follows of a person and by them.
func eraseFollows(ctx context.Context, tx *store.Tx, userID int64) (int, error) {
	rows, err := tx.Follow.Query().Where(entfollow.Or(entfollow.FollowerID(userID), entfollow.FolloweeID(userID))).Limit(changeBatch).All(ctx)
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		if err := unfollow(ctx, tx, row.FollowerID, row.FolloweeID); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

// eraseRequests ends requests to follow a person and by them.
func eraseRequests(ctx context.Context, tx *store.Tx, userID int64) (int, error) {
	rows, err := tx.FollowRequest.Query().
		Where(followrequest.Or(followrequest.RequesterID(userID), followrequest.TargetID(userID))).Limit(changeBatch).All(ctx)
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		if err := withdraw(ctx, tx, row.RequesterID, row.TargetID); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

// eraseLists deletes the lists of a person, and takes them off those of others.
func eraseLists(ctx context.Context, tx *store.Tx, userID int64) (int, error) {
	owned, err := tx.UserList.Query().Where(userlist.OwnerID(userID)).Limit(changeBatch).IDs(ctx)
	if err != nil {
		return 0, err
	}
	members, err := tx.UserListMember.Query().
		Where(userlistmember.Or(userlistmember.UserID(userID), userlistmember.ListIDIn(owned...))).Limit(changeBatch).IDs(ctx)
	if err != nil {
		return 0, err
	}
	if _, err := tx.UserListMember.Delete().Where(userlistmember.IDIn(members...)).Exec(ctx); err != nil || len(members) == changeBatch {
		return len(members), err
	}
	_, err = tx.UserList.Delete().Where(userlist.IDIn(owned...)).Exec(ctx)
	return len(members), err
}

// eraseOwn deletes blocks, mutes and dismissals of a person and by them, and the words that they mute.
func eraseOwn(ctx context.Context, tx *store.Tx, userID int64) (int, error) {
	blocks, err := tx.Block.Query().Where(block.Or(block.BlockerID(userID), block.BlockedID(userID))).Limit(changeBatch).IDs(ctx)
	if err != nil {
		return 0, err
	}
	mutes, err := tx.Mute.Query().Where(entmute.Or(entmute.MuterID(userID), entmute.MutedID(userID))).Limit(changeBatch).IDs(ctx)
	if err != nil {
		return 0, err
	}
	dismissals, err := tx.Dismissal.Query().
		Where(dismissal.Or(dismissal.UserID(userID), dismissal.DismissedID(userID))).Limit(changeBatch).IDs(ctx)
	if err != nil {
		return 0, err
	}
	if _, err = tx.Block.Delete().Where(block.IDIn(blocks...)).Exec(ctx); err == nil {
		_, err = tx.Mute.Delete().Where(entmute.IDIn(mutes...)).Exec(ctx)
	}
	if err == nil {
		_, err = tx.Dismissal.Delete().Where(dismissal.IDIn(dismissals...)).Exec(ctx)
	}
	if err == nil {
		_, err = tx.MutedWord.Delete().Where(mutedword.UserID(userID)).Exec(ctx) // At most 200.
	}
	return max(len(blocks), len(mutes), len(dismissals)), err
}
