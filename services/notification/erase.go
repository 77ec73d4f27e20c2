package notification

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	entnotification "github.com/pulse-social/pulse/ent/notification"
	"github.com/pulse-social/pulse/ent/notificationcause"
	"github.com/pulse-social/pulse/ent/notificationhead"
	"github.com/pulse-social/pulse/ent/notificationpreference"
	"github.com/pulse-social/pulse/ent/quiethours"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/store"
)

// eraseConsumer erases what a deleted person was notified of, and what others were notified of because of them. It goes in
// steps of a transaction each: one that is repeated finds less or nothing to do.
func (h *handler) eraseConsumer() bus.Consumer {
	return bus.Consumer{
		Name: "notification.erase", Events: []proto.Message{&busv1.AccountDeleted{}},
		Prepare: func(ctx context.Context, events []bus.Event) error {
			for _, event := range events {
				if err := h.erase(ctx, event.AggregateID); err != nil {
					// There may be more than one try has time for; the next goes on where this ended.
					return bus.Later(fmt.Errorf("erase the notifications of %d: %w", event.AggregateID, err))
				}
			}
			return nil
		},
	}
}

// erase erases what there is of a person, step by step.
func (h *handler) erase(ctx context.Context, userID int64) error {
	for more := true; more; {
		err := h.db.Write(ctx, func(tx *store.Tx) error {
			causes, err := tx.NotificationCause.Query().
				Where(notificationcause.Or(notificationcause.RecipientID(userID), notificationcause.ActorID(userID))).Limit(pruneAtOnce).All(ctx)
			if err != nil {
				return err
			}
			ids, recipients := make([]int64, len(causes)), []int64{userID}
			for i, c := range causes {
				ids[i], recipients = c.ID, append(recipients, c.RecipientID)
			}
			if _, err := lockHeads(ctx, tx, recipients); err != nil {
				return err
			}
			// They are read again now that nobody else changes them.
			if causes, err = tx.NotificationCause.Query().Where(notificationcause.IDIn(ids...)).All(ctx); err != nil {
				return err
			}
			if err := forget(ctx, tx, causes); err != nil {
				return err
			}
			if more = len(ids) == pruneAtOnce; more {
				return nil
			}
			return eraseRest(ctx, tx, userID)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eraseRest erases what a person has besides causes.
func eraseRest(ctx context.Context, tx *store.Tx, userID int64) error {
	_, err := tx.Notification.Delete().Where(entnotification.RecipientID(userID)).Exec(ctx)
	if err == nil {
		_, err = tx.NotificationPreference.Delete().Where(notificationpreference.UserID(userID)).Exec(ctx)
	}
	if err == nil {
		_, err = tx.QuietHours.Delete().Where(quiethours.ID(userID)).Exec(ctx)
	}
	if err == nil {
		_, err = tx.NotificationHead.Delete().Where(notificationhead.ID(userID)).Exec(ctx)
	}
	return err
}
