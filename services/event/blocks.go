package event

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	entevent "github.com/pulse-social/pulse/ent/event"
	"github.com/pulse-social/pulse/ent/eventanswer"
	"github.com/pulse-social/pulse/ent/eventcohost"
	"github.com/pulse-social/pulse/ent/eventinvite"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// blocksConsumer takes people out of each other's meetups when one blocks the other: they do not see them any more, and a seat
// that nobody can give up would stay taken.
func (h *handler) blocksConsumer() bus.Consumer {
	return bus.Consumer{Name: "event.blocks", Events: []proto.Message{&busv1.UserBlocked{}}, Apply: h.applyBlocks}
}

func (h *handler) applyBlocks(ctx context.Context, tx *store.Tx, events []bus.Event) error {
	for _, event := range events {
		blocked, ok := event.Message.(*busv1.UserBlocked)
		if !ok {
			continue
		}
		for _, way := range [][2]int64{{blocked.GetBlockerId(), blocked.GetBlockedId()}, {blocked.GetBlockedId(), blocked.GetBlockerId()}} {
			if err := part(ctx, tx, h.visibility.In(tx.Client), way[0], way[1]); err != nil {
				return fmt.Errorf("take %d out of the meetups of %d: %w", way[1], way[0], err)
			}
		}
	}
	return nil
}

// part takes somebody out of the meetups that another hosts.
func part(ctx context.Context, tx *store.Tx, policy *visibility.Policy, hostID, userID int64) error {
	eventIDs, err := tx.Event.Query().Where(entevent.HostID(hostID), entevent.Or(
		mentioned(eventanswer.Table, userID), mentioned(eventinvite.Table, userID), mentioned(eventcohost.Table, userID),
	)).Order(entevent.ByID()).IDs(ctx) // In one order, so that two who do so do not wait for each other.
	if err != nil {
		return err
	}
	for _, eventID := range eventIDs {
		row, err := holdRow(ctx, tx, eventID)
		if store.IsNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		// Events come late, and this one may be of a block that was taken back, after which they were invited again.
		if across, err := policy.Across(ctx, hostID, []int64{userID}); err != nil || !across[userID] {
			return err
		}
		if err := respond(ctx, tx, row, userID, unanswered); err != nil {
			return err
		}
		if _, err := tx.EventInvite.Delete().Where(eventinvite.EventID(eventID), eventinvite.UserID(userID)).Exec(ctx); err != nil {
			return err
		}
		if err := dismiss(ctx, tx, eventID, userID); err != nil {
			return err
		}
	}
	return nil
}
