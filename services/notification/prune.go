package notification

import (
	"context"
	"fmt"
	"time"

	"github.com/pulse-social/pulse/ent"
	entnotification "github.com/pulse-social/pulse/ent/notification"
	"github.com/pulse-social/pulse/ent/notificationcause"
	"github.com/pulse-social/pulse/ent/notificationdelivery"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// pruneEvery is how often it is looked whether notifications have served their time.
	pruneEvery = time.Minute
	// pruneAtOnce bounds how many notifications, and how many causes, one transaction deletes: others write meanwhile.
	pruneAtOnce = 200
)

// prune deletes what has served its time, until ctx ends. Any number of processes may do so at once.
func (h *handler) prune(ctx context.Context) {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	failing := false
	for ctx.Err() == nil {
		err := h.pruneOld(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			h.log.WarnContext(ctx, "old notifications stay", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// pruneOld deletes the notifications that were read and whose latest cause is older than they are kept.
func (h *handler) pruneOld(ctx context.Context) error {
	before := h.now().Add(-h.config.Keep)
	for after := int64(0); ; {
		// They are looked for by their ids, which tell when their first cause came.
		old, err := h.db.Notification.Query().Where(
			entnotification.IDGT(after), entnotification.IDLT(id.At(before)), entnotification.Read(true), entnotification.UpdatedAtLT(before),
		).Order(entnotification.ByID()).Limit(pruneAtOnce).All(ctx)
		if err != nil || len(old) == 0 {
			return err
		}
		if err := h.remove(ctx, old); err != nil {
			return fmt.Errorf("prune notifications: %w", err)
		}
		after = old[len(old)-1].ID
	}
}

// remove deletes notifications if they still are read, with their causes.
func (h *handler) remove(ctx context.Context, old []*ent.Notification) error {
	var ids, recipients []int64
	for _, n := range old {
		ids, recipients = append(ids, n.ID), append(recipients, n.RecipientID)
	}
	for more := true; more; {
		err := h.db.Write(ctx, func(tx *store.Tx) error {
			if _, err := lockHeads(ctx, tx, recipients); err != nil {
				return err
			}
			still, err := tx.Notification.Query().Where(entnotification.IDIn(ids...), entnotification.Read(true)).IDs(ctx)
			if err != nil {
				return err
			}
			causes, err := tx.NotificationCause.Query().Where(notificationcause.NotificationIDIn(still...)).Limit(pruneAtOnce).All(ctx)
			if err != nil {
				return err
			}
			if err := forget(ctx, tx, causes); err != nil {
				return err
			}
			if more = len(causes) == pruneAtOnce; more {
				return nil
			}
			_, err = tx.Notification.Delete().Where(entnotification.IDIn(still...)).Exec(ctx)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// forget deletes causes, and what was to be delivered of them. The heads of their recipients are held.
func forget(ctx context.Context, tx *store.Tx, causes []*ent.NotificationCause) error {
	if len(causes) == 0 {
		return nil
	}
	ids, changed := make([]int64, len(causes)), map[int64]*change{}
	for i, c := range causes {
		ids[i] = c.ID
		if c.Holds {
			if changed[c.NotificationID] == nil {
				changed[c.NotificationID] = &change{}
			}
			changed[c.NotificationID].causes--
		}
	}
	if _, err := tx.NotificationDelivery.Delete().Where(notificationdelivery.CauseIDIn(ids...)).Exec(ctx); err != nil {
		return err
	}
	if _, err := tx.NotificationCause.Delete().Where(notificationcause.IDIn(ids...)).Exec(ctx); err != nil {
		return err
	}
	adjust(tx, changed)
	return nil
}
