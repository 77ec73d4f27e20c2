package graph

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/followrequest"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// changeBatch is how many rows are changed in one transaction where there may be very many. A row takes some six statements: even
// where each takes 50 ms, a batch ends within the ten seconds that a consumer has, and what was done before is not lost.
const changeBatch = 25

// privacyConsumer approves what waits for an account that is public now. A request may also have been made in the moment
// in which the account became public, so requests are looked at as well.
func (h *handler) privacyConsumer() bus.Consumer {
	return bus.Consumer{
		Name:   "graph.privacy",
		Events: []proto.Message{&busv1.ProfileChanged{}, &busv1.FollowRequested{}},
		// Batches are committed one by one, and what is approved stays so: it may be repeated.
		Prepare: h.approveWaiting,
	}
}

func (h *handler) approveWaiting(ctx context.Context, events []bus.Event) error {
	var targets []int64
	for _, event := range events {
		switch e := event.Message.(type) {
		case *busv1.ProfileChanged:
			targets = append(targets, e.GetUserId())
		case *busv1.FollowRequested:
			targets = append(targets, e.GetTargetId())
		}
	}
	slices.Sort(targets)
	for _, target := range slices.Compact(targets) {
		for more := true; more; {
			var err error
			if more, err = h.approveBatch(ctx, target); err != nil {
				// There may be more than one try has time for; the next goes on where this ended.
				return bus.Later(fmt.Errorf("approve requests to follow %d: %w", target, err))
			}
		}
	}
	return nil
}

// approveBatch approves the oldest requests to follow a public account, and tells whether there may be more.
func (h *handler) approveBatch(ctx context.Context, target int64) (more bool, err error) {
	var approved []int64
	err = h.db.Write(ctx, func(tx *store.Tx) error {
		more, approved = false, nil
		rows, err := h.waiting(ctx, tx, target)
		if err != nil {
			return err
		}
		more = len(rows) == changeBatch
		for _, row := range rows {
			if err := lockPair(ctx, tx, row.RequesterID, target); err != nil {
				return err
			}
			was, err := approve(ctx, tx, row.RequesterID, target)
			if err != nil {
				return err
			}
			if was {
				approved = append(approved, row.RequesterID)
			}
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	for _, requester := range approved {
		h.stamps.Changed(ctx, requester, stamp.Follows)
	}
	return more, nil
}

// waiting answers the oldest requests to follow an account, none when it is private.
func (h *handler) waiting(ctx context.Context, tx *store.Tx, target int64) ([]*ent.FollowRequest, error) {
	private, err := h.visibility.In(tx.Client).Private(ctx, target)
	if err != nil || private {
		return nil, err
	}
	rows, err := tx.FollowRequest.Query().Where(followrequest.TargetID(target)).
		Order(followrequest.ByID()).Limit(changeBatch).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read requests to follow: %w", err)
	}
	return rows, nil
}
