package realtime

import (
	"context"
	"fmt"
	"time"

	"github.com/pulse-social/pulse/ent/streamhead"
	"github.com/pulse-social/pulse/services/internal/store"
)

// refreshAfter is how old the note of when a stream was last open may get.
const refreshAfter = time.Hour

// open makes sure that things are logged for a person from now on, and answers where their logs are at.
func (l streamLog) open(ctx context.Context, userID int64) (position, error) {
	at := position{userID: userID}
	for _, id := range []int64{sharedLog, userID} {
		place, err := l.openOne(ctx, id)
		if err != nil {
			return at, err
		}
		if id == sharedLog {
			at.shared = place
		} else {
			at.own = place
		}
	}
	return at, nil
}

// openOne makes the head of a log if there is none, and notes that it is in use.
func (l streamLog) openOne(ctx context.Context, userID int64) (place, error) {
	head, err := l.db.StreamHead.Get(ctx, userID)
	if err == nil && l.db.Store().Now().Sub(head.OpenedAt) < refreshAfter {
		return place{head.Epoch, head.Sequence}, nil
	}
	if err != nil && !store.IsNotFound(err) {
		return place{}, fmt.Errorf("read the head: %w", err)
	}
	var at place
	err = l.db.Write(ctx, func(tx *store.Tx) error {
		heads, err := lockHeads(ctx, tx, []int64{userID})
		if err != nil {
			return err
		}
		if len(heads) == 0 {
			at = place{epoch: tx.NewID()}
			return tx.StreamHead.Create().SetID(userID).SetEpoch(at.epoch).SetOpenedAt(tx.Now).Exec(ctx)
		}
		at = place{heads[0].Epoch, heads[0].Sequence}
		return tx.StreamHead.Update().Where(streamhead.ID(userID)).SetOpenedAt(tx.Now).Exec(ctx)
	})
	if err != nil {
		return place{}, fmt.Errorf("open the log: %w", err)
	}
	return at, nil
}
