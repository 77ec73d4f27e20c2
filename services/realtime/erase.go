package realtime

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent/presencesetting"
	"github.com/pulse-social/pulse/ent/streamhead"
	"github.com/pulse-social/pulse/ent/streamitem"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/store"
)

// eraseConsumer erases what is logged for a deleted account. What is logged of it for others tells them nothing: whoever is
// gone is not answered.
func eraseConsumer(db *store.DB) bus.Consumer {
	return bus.Consumer{
		Name: "realtime.erase", Events: []proto.Message{&busv1.AccountDeleted{}},
		Prepare: func(ctx context.Context, events []bus.Event) error {
			for _, event := range events {
				if err := erase(ctx, db, event.AggregateID); err != nil {
					return bus.Later(fmt.Errorf("erase %d: %w", event.AggregateID, err))
				}
			}
			return nil
		},
	}
}

// erase drops a person's log and how they appear. Without a head nothing more is logged.
func erase(ctx context.Context, db *store.DB, userID int64) error {
	err := db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.StreamHead.Delete().Where(streamhead.ID(userID)).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.PresenceSetting.Delete().Where(presencesetting.ID(userID)).Exec(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return dropItems(ctx, db, streamitem.UserID(userID))
}
