package post

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pulse-social/pulse/ent"
	entdraft "github.com/pulse-social/pulse/ent/draft"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// scheduleEvery is how often it is looked whether the time of a post has come.
	scheduleEvery = 500 * time.Millisecond
	// dueAtOnce bounds how many posts are looked for at once.
	dueAtOnce = 100
)

// publishScheduled publishes posts when their time comes, until ctx ends. Any number of processes may do so at once: the
// draft, the post and its event change hands in one transaction, so that each post appears once, whichever process dies.
func (h *handler) publishScheduled(ctx context.Context) {
	tick := time.NewTicker(scheduleEvery)
	defer tick.Stop()
	failing := false
	for ctx.Err() == nil {
		var err error
		for more := true; more && err == nil; {
			more, err = h.publishDue(ctx)
		}
		// What failed is tried again in a moment; it is told once.
		if err != nil && !failing && ctx.Err() == nil {
			h.log.WarnContext(ctx, "scheduled posts wait", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// publishDue publishes posts whose time has come, and tells whether there are more.
func (h *handler) publishDue(ctx context.Context) (more bool, err error) {
	due, err := h.db.Draft.Query().Where(entdraft.ScheduledAtNotNil(), entdraft.ScheduledAtLTE(h.now())).
		Order(entdraft.ByScheduledAt(), entdraft.ByID()).Limit(dueAtOnce).IDs(ctx)
	if err != nil {
		return false, fmt.Errorf("look for scheduled posts: %w", err)
	}
	var errs []error // One that fails does not hold up the others.
	for _, draftID := range due {
		errs = append(errs, h.publishOne(ctx, draftID))
	}
	return len(due) == dueAtOnce, errors.Join(errs...)
}

// publishOne publishes a scheduled post, or tells its author why it cannot be.
func (h *handler) publishOne(ctx context.Context, draftID int64) error {
	var author int64
	err := h.db.Write(ctx, func(tx *store.Tx) error {
		row, err := dueDraft(ctx, tx, draftID)
		if err != nil || row == nil {
			return err
		}
		author = row.AuthorID
		if _, err := h.visibility.In(tx.Client).User(ctx, author, author); err != nil {
			if store.IsNotFound(err) {
				return rpc.Fail(errorsv1.Reason_REASON_AUTHOR_INACTIVE, "the account was not active at the time")
			}
			return err
		}
		_, err = h.publishDraft(ctx, tx, row)
		return err
	})
	if failure, ok := errors.AsType[*rpc.Failure](err); ok {
		return h.unschedule(ctx, draftID, failure.Reason)
	}
	if err == nil && author != 0 {
		h.stamps.Changed(ctx, author, stamp.Posts)
	}
	return err
}

// dueDraft answers a draft whose time has come, nil when another process or its author was faster.
func dueDraft(ctx context.Context, tx *store.Tx, draftID int64) (*ent.Draft, error) {
	row, err := tx.Draft.Query().Where(entdraft.ID(draftID), entdraft.ScheduledAtLTE(tx.Now)).Only(ctx)
	if store.IsNotFound(err) {
		return nil, nil //nolint:nilnil // None is an answer.
	}
	return row, err
}

// unschedule keeps a draft that could not be published, with the reason.
func (h *handler) unschedule(ctx context.Context, draftID int64, reason errorsv1.Reason) error {
	return h.db.Write(ctx, func(tx *store.Tx) error {
		return tx.Draft.Update().Where(entdraft.ID(draftID), entdraft.ScheduledAtLTE(tx.Now)).
			ClearScheduledAt().SetFailure(int32(reason)).AddVersion(1).Exec(ctx)
	})
}
