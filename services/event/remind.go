package event

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/eventreminder"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// remindEvery is how often it is looked whether the time of a reminder has come.
	remindEvery = time.Second
	// dueAtOnce bounds how many reminders are looked for at once.
	dueAtOnce = 100
)

// remindOf writes when people are to be reminded of a meetup, instead of what was written before. What would have been due is
// left out.
func (h *handler) remindOf(ctx context.Context, tx *store.Tx, row *ent.Event) error {
	if _, err := tx.EventReminder.Delete().Where(eventreminder.EventID(row.ID)).Exec(ctx); err != nil {
		return fmt.Errorf("forget reminders: %w", err)
	}
	var rows []*ent.EventReminderCreate
	for _, before := range h.config.Reminders {
		// A duration before a moment: whatever clocks do meanwhile, it is as long.
		if due := row.StartsAt.Add(-before); due.After(tx.Now) {
			rows = append(rows, tx.EventReminder.Create().SetID(tx.NewID()).SetEventID(row.ID).SetDueAt(due))
		}
	}
	if err := tx.EventReminder.CreateBulk(rows...).Exec(ctx); err != nil {
		return fmt.Errorf("write reminders: %w", err)
	}
	return nil
}

// remind reminds people of meetups when the time comes, until ctx ends. Any number of processes may do so at once: who deletes a
// reminder announces it in the same transaction, so that each is announced once, whichever process dies.
func (h *handler) remind(ctx context.Context) {
	tick := time.NewTicker(remindEvery)
	defer tick.Stop()
	failing := false
	for ctx.Err() == nil {
		var err error
		for more := true; more && err == nil; {
			more, err = h.remindDue(ctx)
		}
		// What failed is tried again in a moment; it is told once.
		if err != nil && !failing && ctx.Err() == nil {
			h.log.WarnContext(ctx, "reminders wait", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// remindDue announces reminders that are due, and tells whether there are more.
func (h *handler) remindDue(ctx context.Context) (more bool, err error) {
	due, err := h.db.EventReminder.Query().Where(eventreminder.DueAtLTE(h.now())).
		Order(eventreminder.ByDueAt(), eventreminder.ByID()).Limit(dueAtOnce).All(ctx)
	if err != nil {
		return false, fmt.Errorf("look for reminders: %w", err)
	}
	var errs []error // One that fails does not hold up the others.
	for _, reminder := range due {
		errs = append(errs, h.db.Write(ctx, func(tx *store.Tx) error { return remindOne(ctx, tx, reminder) }))
	}
	return len(due) == dueAtOnce, errors.Join(errs...)
}

// remindOne announces a reminder, unless another process was faster, there is nothing to come to any more, or the next one is
// due too, for all was down meanwhile.
func remindOne(ctx context.Context, tx *store.Tx, reminder *ent.EventReminder) error {
	row, err := holdRow(ctx, tx, reminder.EventID)
	if err != nil && !store.IsNotFound(err) {
		return fmt.Errorf("read the meetup: %w", err)
	}
	mine, err := tx.EventReminder.Delete().Where(eventreminder.ID(reminder.ID)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("take the reminder: %w", err)
	}
	if mine == 0 || row == nil || row.Cancelled || !row.StartsAt.After(tx.Now) {
		return nil
	}
	nearer, err := tx.EventReminder.Query().
		Where(eventreminder.EventID(row.ID), eventreminder.DueAtGT(reminder.DueAt), eventreminder.DueAtLTE(tx.Now)).Exist(ctx)
	if err != nil || nearer {
		return err
	}
	return announceToAll(ctx, tx, row, busv1.EventNews_EVENT_NEWS_REMINDER, row.HostID)
}
