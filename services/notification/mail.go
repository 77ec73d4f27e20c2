package notification

import (
	"context"

	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent/notificationpreference"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/store"
)

// declinedConsumer turns mails of a kind off for people who used the way out of such a mail. Where the mails go is known to
// identity alone, which sends them.
func declinedConsumer() bus.Consumer {
	return bus.Consumer{
		Name: "notification.declined", Events: []proto.Message{&busv1.NotificationMailDeclined{}},
		Apply: func(ctx context.Context, tx *store.Tx, events []bus.Event) error {
			for _, event := range events {
				declined, ok := event.Message.(*busv1.NotificationMailDeclined)
				if !ok {
					continue
				}
				if err := declineMail(ctx, tx, declined.GetUserId(), declined.GetKind()); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// declineMail turns mails of one kind off; all else that the person has chosen stays.
func declineMail(ctx context.Context, tx *store.Tx, userID int64, kind int32) error {
	changed, err := tx.NotificationPreference.Update().
		Where(notificationpreference.UserID(userID), notificationpreference.Kind(kind)).SetEmail(false).Save(ctx)
	if err != nil || changed > 0 {
		return err
	}
	return tx.NotificationPreference.Create().SetID(tx.NewID()).SetUserID(userID).SetKind(kind).
		SetAudience(int32(notificationv1.NotificationAudience_NOTIFICATION_AUDIENCE_EVERYONE)).SetInApp(true).SetPush(true).SetEmail(false).Exec(ctx)
}
