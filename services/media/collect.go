package media

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pulse-social/pulse/ent"
	entmedia "github.com/pulse-social/pulse/ent/media"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// uploadTime is how long an upload may take: longer than its address is good.
	uploadTime = time.Hour
	// unattachedTime is how long a picture that nothing refers to stays.
	unattachedTime = 24 * time.Hour
	// goingTime is how long a picture that goes is there yet, for a transaction that attached it just then: all end sooner.
	goingTime = time.Minute
	// lookAtOnce bounds how many pictures one round looks at, listAtOnce how many files.
	lookAtOnce = 500
	listAtOnce = 1000
)

// collect deletes what nothing refers to, until ctx ends. Any number of processes may do so at once.
func (h *handler) collect(ctx context.Context) {
	tick := time.NewTicker(h.config.CollectEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := errors.Join(h.abandon(ctx), h.collectUnattached(ctx), h.deleteGoing(ctx), h.sweepFiles(ctx))
		if err != nil && !failing && ctx.Err() == nil {
			h.log.WarnContext(ctx, "pictures that nothing refers to stay", "error", err)
		}
		failing = err != nil
	}
}

// abandon gives up uploads that were not completed in time.
func (h *handler) abandon(ctx context.Context) error {
	rows, err := h.db.Media.Query().Where(entmedia.State(attachment.Uploading), entmedia.IDLT(id.At(h.now().Add(-uploadTime)))).
		Order(entmedia.ByID()).Limit(lookAtOnce).All(ctx)
	if err != nil {
		return fmt.Errorf("look for uploads: %w", err)
	}
	return h.letGoAll(ctx, rows)
}

// collectUnattached lets go of pictures that nothing refers to. It looks at some in each round, and so at all again and again,
// whatever their number.
func (h *handler) collectUnattached(ctx context.Context) error {
	before := id.At(h.now().Add(-unattachedTime))
	ids, err := h.db.Media.Query().Where(entmedia.State(attachment.Ready), entmedia.IDGT(h.swept.media), entmedia.IDLT(before)).
		Order(entmedia.ByID()).Limit(lookAtOnce).IDs(ctx)
	if err != nil {
		return fmt.Errorf("look for pictures: %w", err)
	}
	rows, err := h.db.Media.Query().Where(entmedia.IDIn(ids...), entmedia.State(attachment.Ready), unattached).All(ctx)
	if err != nil {
		return fmt.Errorf("look for pictures that nothing refers to: %w", err)
	}
	if err := h.letGoAll(ctx, rows); err != nil {
		return err
	}
	h.swept.media = 0
	if len(ids) == lookAtOnce {
		h.swept.media = ids[len(ids)-1]
	}
	return nil
}

func (h *handler) letGoAll(ctx context.Context, rows []*ent.Media) error {
	for _, row := range rows {
		if err := h.db.Write(ctx, func(tx *store.Tx) error { return letGo(ctx, tx, row) }); err != nil {
			return fmt.Errorf("let go of a picture: %w", err)
		}
	}
	return nil
}

// deleteGoing deletes the pictures that go: the files, then the row, so that one is found again whose files did not all go.
func (h *handler) deleteGoing(ctx context.Context) error {
	rows, err := h.db.Media.Query().Where(entmedia.State(attachment.Going), entmedia.GoingAtLT(h.now().Add(-goingTime))).
		Order(entmedia.ByID()).Limit(lookAtOnce).All(ctx)
	if err != nil {
		return fmt.Errorf("look for pictures that go: %w", err)
	}
	for _, row := range rows {
		kept, err := h.reprieve(ctx, row)
		if err == nil && !kept {
			if err = h.files.removeAll(ctx, row.ID); err == nil {
				err = h.db.Write(ctx, func(tx *store.Tx) error {
					_, err := tx.Media.Delete().Where(entmedia.ID(row.ID), entmedia.State(attachment.Going)).Exec(ctx)
					return err
				})
			}
		}
		if err != nil {
			return fmt.Errorf("delete picture %d: %w", row.ID, err)
		}
	}
	return nil
}

// reprieve keeps a picture that was attached while it was let go, unless its owner is gone too.
func (h *handler) reprieve(ctx context.Context, row *ent.Media) (kept bool, err error) {
	err = h.db.Write(ctx, func(tx *store.Tx) error {
		kept = false
		is, err := tx.Media.Query().Where(entmedia.ID(row.ID), entmedia.State(attachment.Going), attached).Exist(ctx)
		if err != nil || !is {
			return err
		}
		_, err = h.visibility.In(tx.Client).User(ctx, row.OwnerID, row.OwnerID)
		if store.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		kept = true
		back, err := tx.Media.Update().Where(entmedia.ID(row.ID), entmedia.State(attachment.Going)).
			SetState(attachment.Ready).ClearGoingAt().Save(ctx)
		if err != nil || back == 0 {
			return err
		}
		return use(ctx, tx, row.OwnerID, row.SizeBytes)
	})
	return kept, err
}

// sweepFiles deletes files that belong to no row. It looks at some in each round.
func (h *handler) sweepFiles(ctx context.Context) error {
	files, next, err := h.files.page(ctx, h.swept.files, listAtOnce)
	if err != nil {
		return fmt.Errorf("list the files of pictures: %w", err)
	}
	old := h.now().Add(-uploadTime) // Younger ones may belong to an upload that has just begun.
	owners := map[int64][]string{}
	for _, file := range files {
		if mediaID, ok := mediaOf(file.Key); ok && file.ModTime.Before(old) {
			owners[mediaID] = append(owners[mediaID], file.Key)
		}
	}
	ids := make([]int64, 0, len(owners))
	for mediaID := range owners {
		ids = append(ids, mediaID)
	}
	rows, err := h.db.Media.Query().Where(entmedia.IDIn(ids...)).All(ctx)
	if err != nil {
		return fmt.Errorf("look for the pictures of files: %w", err)
	}
	for _, row := range rows {
		if row.State == attachment.Uploading {
			delete(owners, row.ID)
			continue
		}
		// Whoever has the address of an upload may have sent the file once more since the picture was made.
		owners[row.ID] = slices.DeleteFunc(owners[row.ID], func(key string) bool { return key != uploadKey(row.ID) })
	}
	for _, keys := range owners {
		for _, key := range keys {
			if err := h.files.remove(ctx, key); err != nil {
				return fmt.Errorf("delete a file without a picture: %w", err)
			}
		}
	}
	h.swept.files = nil
	if len(next) > 0 {
		h.swept.files = next
	}
	return nil
}
