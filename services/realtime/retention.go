package realtime

import (
	"context"
	"fmt"
	"strconv"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/predicate"
	"github.com/pulse-social/pulse/ent/streamhead"
	"github.com/pulse-social/pulse/ent/streamitem"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// pruneEvery is how often what has served its time is dropped.
	pruneEvery = 10 * time.Minute
	// dropBatch is how many items or logs one transaction drops: SQLite takes conditions of up to 1,000 parts.
	dropBatch = 500
	// itemsKept is how many items of one log are kept at most.
	itemsKept = 10_000
)

// prune drops items and logs that have served their time.
func (h *handler) prune(ctx context.Context) error {
	before := h.now().Add(-h.config.Keep)
	if err := h.pruneHeads(ctx, before); err != nil {
		return err
	}
	if err := h.pruneOld(ctx, id.At(before)); err != nil {
		return err
	}
	return h.pruneLong(ctx)
}

// pruneHeads drops the logs of people who have not opened a stream for as long as items are kept.
func (h *handler) pruneHeads(ctx context.Context, before time.Time) error {
	for {
		var people []int64
		err := h.db.Write(ctx, func(tx *store.Tx) (err error) {
			people, err = tx.StreamHead.Query().Where(streamhead.OpenedAtLT(before), streamhead.IDNEQ(sharedLog)).
				Order(streamhead.ByID()).Limit(dropBatch).IDs(ctx)
			if err != nil || len(people) == 0 {
				return err
			}
			// One who has come back meanwhile has another time.
			_, err = tx.StreamHead.Delete().Where(streamhead.IDIn(people...), streamhead.OpenedAtLT(before)).Exec(ctx)
			return err
		})
		if err != nil {
			return fmt.Errorf("drop logs: %w", err)
		}
		if len(people) == 0 {
			return nil
		}
		for _, userID := range people {
			// Items of a log that was begun anew are newer than all of these.
			if err := dropItems(ctx, h.db, streamitem.And(streamitem.UserID(userID), streamitem.IDLT(id.At(before)))); err != nil {
				return err
			}
		}
	}
}

// pruneOld drops the items from before an id, each batch with the note of what was dropped.
func (h *handler) pruneOld(ctx context.Context, before int64) error {
	for {
		n := 0
		err := h.db.Write(ctx, func(tx *store.Tx) error {
			items, err := tx.StreamItem.Query().Where(streamitem.IDLT(before)).Order(streamitem.ByID()).Limit(dropBatch).All(ctx)
			if n = len(items); err != nil || n == 0 {
				return err
			}
			dropped := map[int64]int64{}
			for _, item := range items {
				dropped[item.UserID] = max(dropped[item.UserID], item.Sequence)
			}
			return drop(ctx, tx, dropped)
		})
		if err != nil {
			return fmt.Errorf("drop old items: %w", err)
		}
		if n < dropBatch {
			return nil
		}
	}
}

// pruneLong drops the beginnings of logs that have grown too long.
func (h *handler) pruneLong(ctx context.Context) error {
	long, err := h.db.StreamHead.Query().Where(tooLong).Limit(dropBatch).All(ctx)
	if err != nil {
		return fmt.Errorf("look for long logs: %w", err)
	}
	for _, head := range long {
		err := h.db.Write(ctx, func(tx *store.Tx) error {
			return drop(ctx, tx, map[int64]int64{head.ID: head.Sequence - itemsKept})
		})
		if err != nil {
			return fmt.Errorf("shorten a log: %w", err)
		}
	}
	return nil
}

// tooLong matches logs that keep more than they may, by a batch at least: so dropping is not done for each item.
func tooLong(s *entsql.Selector) {
	s.Where(entsql.ExprP(s.C(streamhead.FieldSequence) + " - " + s.C(streamhead.FieldDroppedSequence) + " > " + strconv.Itoa(itemsKept+dropBatch/10)))
}

// drop drops the items of logs up to a number each, and notes it in their heads.
func drop(ctx context.Context, tx *store.Tx, upTo map[int64]int64) error {
	people := make([]int64, 0, len(upTo))
	which := make([]predicate.StreamItem, 0, len(upTo))
	for userID, sequence := range upTo {
		people = append(people, userID)
		which = append(which, streamitem.And(streamitem.UserID(userID), streamitem.SequenceLTE(sequence)))
	}
	heads, err := lockHeads(ctx, tx, people)
	if err != nil {
		return err
	}
	var rows []*ent.StreamHeadCreate
	for _, head := range heads {
		if dropped := min(upTo[head.ID], head.Sequence); dropped > head.DroppedSequence {
			rows = append(rows, tx.StreamHead.Create().SetID(head.ID).SetEpoch(head.Epoch).SetSequence(head.Sequence).
				SetDroppedSequence(dropped).SetOpenedAt(head.OpenedAt))
		}
	}
	if len(rows) > 0 {
		err = tx.StreamHead.CreateBulk(rows...).OnConflictColumns(streamhead.FieldID).
			Update(func(u *ent.StreamHeadUpsert) { u.UpdateDroppedSequence() }).Exec(ctx)
		if err != nil {
			return fmt.Errorf("note what was dropped: %w", err)
		}
	}
	_, err = tx.StreamItem.Delete().Where(streamitem.Or(which...)).Exec(ctx)
	return err
}

// dropItems drops items that match, a batch at a time, so that nobody waits for long.
func dropItems(ctx context.Context, db *store.DB, which predicate.StreamItem) error {
	for {
		n := 0
		err := db.Write(ctx, func(tx *store.Tx) error {
			ids, err := tx.StreamItem.Query().Where(which).Limit(dropBatch).IDs(ctx)
			if err != nil || len(ids) == 0 {
				return err
			}
			n, err = tx.StreamItem.Delete().Where(streamitem.IDIn(ids...)).Exec(ctx)
			return err
		})
		if err != nil || n < dropBatch {
			return err
		}
	}
}
