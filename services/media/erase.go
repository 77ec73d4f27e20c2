package media

import (
	"context"

	"google.golang.org/protobuf/proto"

	entmedia "github.com/pulse-social/pulse/ent/media"
	"github.com/pulse-social/pulse/ent/mediausage"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/store"
)

// eraseConsumer makes all pictures of a deleted account go; the collector deletes the files.
func eraseConsumer() bus.Consumer {
	return bus.Consumer{Name: "media.erase", Events: []proto.Message{&busv1.AccountDeleted{}}, Apply: erase}
}

func erase(ctx context.Context, tx *store.Tx, events []bus.Event) error {
	for _, event := range events {
		deleted, ok := event.Message.(*busv1.AccountDeleted)
		if !ok {
			continue
		}
		err := tx.Media.Update().Where(entmedia.OwnerID(deleted.GetUserId()), entmedia.StateNEQ(attachment.Going)).
			SetState(attachment.Going).SetGoingAt(tx.Now).Exec(ctx)
		if err != nil {
			return err
		}
		if _, err := tx.MediaUsage.Delete().Where(mediausage.ID(deleted.GetUserId())).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}
