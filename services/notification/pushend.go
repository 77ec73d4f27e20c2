package notification

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent/notificationdelivery"
	"github.com/pulse-social/pulse/ent/predicate"
	"github.com/pulse-social/pulse/ent/pushsubscription"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/store"
)

// endsConsumer ends subscriptions with the session that made them, or with the account. Whether the session lives is also
// asked when something is sent, for an event may come late.
func endsConsumer() bus.Consumer {
	return bus.Consumer{
		Name:   "notification.subscriptions",
		Events: []proto.Message{&busv1.SessionRevoked{}, &busv1.AccountDeleted{}, &busv1.AccountStateChanged{}},
		Apply: func(ctx context.Context, tx *store.Tx, events []bus.Event) error {
			var sessions, people, deleted []int64
			for _, event := range events {
				switch message := event.Message.(type) {
				case *busv1.SessionRevoked:
					sessions = append(sessions, message.GetSessionId())
				case *busv1.AccountDeleted:
					people, deleted = append(people, message.GetUserId()), append(deleted, message.GetUserId())
				case *busv1.AccountStateChanged:
					if !message.GetActive() {
						people = append(people, message.GetUserId())
					}
				}
			}
			if len(deleted) > 0 {
				if _, err := tx.NotificationDelivery.Delete().Where(notificationdelivery.RecipientIDIn(deleted...)).Exec(ctx); err != nil {
					return fmt.Errorf("erase deliveries: %w", err)
				}
			}
			return forgetSubscriptions(ctx, tx, pushsubscription.Or(pushsubscription.SessionIDIn(sessions...), pushsubscription.UserIDIn(people...)))
		},
	}
}

// forgetSubscriptions deletes subscriptions; what was to be sent to them is not needed any more.
func forgetSubscriptions(ctx context.Context, tx *store.Tx, which predicate.PushSubscription) error {
	ids, err := tx.PushSubscription.Query().Where(which).IDs(ctx)
	if err != nil || len(ids) == 0 {
		return err
	}
	err = tx.NotificationDelivery.Update().Where(notificationdelivery.SubscriptionIDIn(ids...), notificationdelivery.State(stateWaits)).
		SetState(stateNotNeeded).Exec(ctx)
	if err != nil {
		return fmt.Errorf("drop deliveries: %w", err)
	}
	if _, err := tx.PushSubscription.Delete().Where(pushsubscription.IDIn(ids...)).Exec(ctx); err != nil {
		return fmt.Errorf("delete subscriptions: %w", err)
	}
	return nil
}
