package notification

import (
	"context"
	"fmt"

	"github.com/pulse-social/pulse/ent"
	entnotification "github.com/pulse-social/pulse/ent/notification"
	"github.com/pulse-social/pulse/ent/notificationcause"
	"github.com/pulse-social/pulse/ent/notificationdelivery"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/notifications"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// MarkNotificationRead notes that the caller has read a notification, or has not.
func (h *handler) MarkNotificationRead(ctx context.Context, req *notificationv1.MarkNotificationReadRequest) (*notificationv1.MarkNotificationReadResponse, error) {
	reader := auth.Caller(ctx).UserID
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*notificationv1.MarkNotificationReadResponse, error) {
		if _, err := lockHeads(ctx, tx, []int64{reader}); err != nil {
			return nil, err
		}
		row, err := tx.Notification.Query().Where(notifications.Shown(reader), entnotification.ID(req.GetNotificationId())).Only(ctx)
		if store.IsNotFound(err) {
			return nil, rpc.Fail(errorsv1.Reason_REASON_NOTIFICATION_NOT_FOUND, "you have no notification of that id")
		}
		if err != nil {
			return nil, err
		}
		if row.Read == req.GetUnread() {
			if err := mark(ctx, tx, row, !req.GetUnread()); err != nil {
				return nil, err
			}
		}
		count, err := unread(ctx, tx.Client, reader)
		return &notificationv1.MarkNotificationReadResponse{UnreadCount: count}, err
	})
}

// mark marks a notification as read, or as not read.
func mark(ctx context.Context, tx *store.Tx, row *ent.Notification, read bool) error {
	if !read {
		if err := takeIn(ctx, tx, row); err != nil {
			return fmt.Errorf("take in what came since: %w", err)
		}
	}
	if err := tx.Notification.Update().Where(entnotification.ID(row.ID)).SetRead(read).Exec(ctx); err != nil {
		return err
	}
	return tx.Emit(&busv1.NotificationsRead{RecipientId: row.RecipientID})
}

// takeIn moves the causes of the open notification that is like a read one, if there is any, to the read one: like causes are
// one notification as long as none of them was read.
func takeIn(ctx context.Context, tx *store.Tx, row *ent.Notification) error {
	open, err := tx.Notification.Query().Where(
		entnotification.RecipientID(row.RecipientID), entnotification.Kind(row.Kind), entnotification.SubjectID(row.SubjectID),
		entnotification.InApp(row.InApp), entnotification.Read(false),
	).Only(ctx)
	if store.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	// They are immutable otherwise.
	for table, column := range map[string]string{
		notificationcause.Table: notificationcause.FieldNotificationID, notificationdelivery.Table: notificationdelivery.FieldNotificationID,
	} {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("UPDATE %s SET %s = $1 WHERE %[2]s = $2", table, column), row.ID, open.ID); err != nil {
			return err
		}
	}
	if _, err := tx.Notification.Delete().Where(entnotification.ID(open.ID)).Exec(ctx); err != nil {
		return err
	}
	return tx.Notification.Update().Where(entnotification.ID(row.ID)).
		AddCauseCount(open.CauseCount).SetSequence(open.Sequence).SetUpdatedAt(open.UpdatedAt).Exec(ctx)
}

// MarkAllNotificationsRead notes that the caller has read all notifications up to one.
func (h *handler) MarkAllNotificationsRead(ctx context.Context, req *notificationv1.MarkAllNotificationsReadRequest) (*notificationv1.MarkAllNotificationsReadResponse, error) {
	reader := auth.Caller(ctx).UserID
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*notificationv1.MarkAllNotificationsReadResponse, error) {
		if _, err := lockHeads(ctx, tx, []int64{reader}); err != nil {
			return nil, err
		}
		change := tx.Notification.Update().Where(entnotification.RecipientID(reader), entnotification.Read(false))
		if req.GetUpToSequence() != 0 {
			change.Where(entnotification.SequenceLTE(req.GetUpToSequence()))
		}
		changed, err := change.SetRead(true).Save(ctx)
		if err != nil {
			return nil, err
		}
		if changed > 0 {
			if err := tx.Emit(&busv1.NotificationsRead{RecipientId: reader}); err != nil {
				return nil, err
			}
		}
		count, err := unread(ctx, tx.Client, reader)
		return &notificationv1.MarkAllNotificationsReadResponse{UnreadCount: count}, err
	})
}
