package apitest_test

import (
	"maps"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent/notificationhead"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/gen/pulse/notification/v1/notificationv1connect"
	"github.com/pulse-social/pulse/services/internal/store"
)

func init() { maps.Copy(recipes, notificationRecipes) }

// notificationRecipes are those of NotificationService.
var notificationRecipes = map[string]recipe{
	notificationv1connect.NotificationServiceListNotificationsProcedure: simple(func(int64) proto.Message {
		return &notificationv1.ListNotificationsRequest{}
	}),
	notificationv1connect.NotificationServiceBatchGetNotificationsProcedure: {
		request: func(c *cast, x cell, _ int64) proto.Message {
			return &notificationv1.BatchGetNotificationsRequest{NotificationIds: []int64{
				max(c.caller(x).notification, absentID), c.people[owner].notification, c.people[recluse].notification,
			}}
		},
		after: func(t *testing.T, c *cast, x cell, answer proto.Message) {
			for _, n := range answer.(*notificationv1.BatchGetNotificationsResponse).GetNotifications() {
				if n.GetId() != c.people[x.actor].notification {
					t.Errorf("%v: is told of notification %d", x, n.GetId())
				}
			}
		},
	},
	notificationv1connect.NotificationServiceGetUnreadCountProcedure: simple(func(int64) proto.Message {
		return &notificationv1.GetUnreadCountRequest{}
	}),
	notificationv1connect.NotificationServiceMarkNotificationReadProcedure: simple(func(id int64) proto.Message {
		return &notificationv1.MarkNotificationReadRequest{NotificationId: id}
	}),
	notificationv1connect.NotificationServiceMarkAllNotificationsReadProcedure: simple(func(int64) proto.Message {
		return &notificationv1.MarkAllNotificationsReadRequest{}
	}),
	notificationv1connect.NotificationServiceGetPreferencesProcedure: simple(func(int64) proto.Message {
		return &notificationv1.GetPreferencesRequest{}
	}),
	notificationv1connect.NotificationServiceUpdatePreferencesProcedure: simple(func(int64) proto.Message {
		return &notificationv1.UpdatePreferencesRequest{Preferences: &notificationv1.Preferences{}}
	}),
}

// notificationID answers a notification of the actor's, or one of somebody else's.
func (x cell) notificationID(t *testing.T, c *cast) int64 {
	t.Helper()
	whose := c.caller(x)
	if x.object == another {
		whose = c.people[recluse]
	}
	c.notify(t, whose)
	return whose.notification
}

// notify writes that somebody is notified of another, once.
func (c *cast) notify(t *testing.T, whom *person) {
	t.Helper()
	of := c.people[moderator]
	if whom == of {
		of = c.people[administrator]
	}
	if whom.notification != 0 {
		return
	}
	c.behind(t, "notification", func(tx *store.Tx) error {
		ctx := t.Context()
		const kind = int32(notificationv1.NotificationKind_NOTIFICATION_KIND_FOLLOW_APPROVED)
		held, err := tx.NotificationHead.Update().Where(notificationhead.ID(whom.id)).AddSequence(1).Save(ctx)
		if err == nil && held == 0 {
			err = tx.NotificationHead.Create().SetID(whom.id).SetSequence(1).Exec(ctx)
		}
		if err != nil {
			return err
		}
		head, err := tx.NotificationHead.Get(ctx, whom.id)
		if err != nil {
			return err
		}
		whom.notification = tx.NewID()
		err = tx.Notification.Create().SetID(whom.notification).SetRecipientID(whom.id).SetKind(kind).SetSubjectID(of.id).
			SetSequence(head.Sequence).SetCauseCount(1).SetUpdatedAt(tx.Now).Exec(ctx)
		if err != nil {
			return err
		}
		return tx.NotificationCause.Create().SetID(tx.NewID()).SetRecipientID(whom.id).SetNotificationID(whom.notification).SetKind(kind).
			SetActorID(of.id).SetObjectID(0).SetSequence(head.Sequence).Exec(ctx)
	})
}
