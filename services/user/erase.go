package user

import (
	"context"

	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent/profile"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/store"
)

// eraseConsumer erases the profile of a deleted account. Its counts go to zero as what they count is erased.
func eraseConsumer() bus.Consumer {
	return bus.Consumer{Name: "user.erase", Events: []proto.Message{&busv1.AccountDeleted{}}, Apply: erase}
}

func erase(ctx context.Context, tx *store.Tx, events []bus.Event) error {
	var gone []int64
	for _, event := range events {
		if deleted, ok := event.Message.(*busv1.AccountDeleted); ok {
			gone = append(gone, deleted.GetUserId())
		}
	}
	_, err := tx.Profile.Delete().Where(profile.IDIn(gone...)).Exec(ctx)
	return err
}
