package notification

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	entnotification "github.com/pulse-social/pulse/ent/notification"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/notifications"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// ListNotifications lists what the caller is notified of, what changed last first.
func (h *handler) ListNotifications(ctx context.Context, req *notificationv1.ListNotificationsRequest) (*notificationv1.ListNotificationsResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	viewer := auth.Caller(ctx).UserID
	query := h.db.Notification.Query().Where(notifications.Shown(viewer))
	if len(req.GetKinds()) > 0 {
		kinds := make([]int32, len(req.GetKinds()))
		for i, kind := range req.GetKinds() {
			kinds[i] = int32(kind)
		}
		query.Where(entnotification.KindIn(kinds...))
	}
	if req.GetUnreadOnly() {
		query.Where(entnotification.Read(false))
	}
	if cursor.After != 0 {
		query.Where(entnotification.SequenceLT(cursor.After))
	}
	rows, err := query.Order(entnotification.BySequence(entsql.OrderDesc())).Limit(cursor.Size + 1).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read notifications: %w", err)
	}
	answer := &notificationv1.ListNotificationsResponse{}
	if len(rows) > cursor.Size {
		rows = rows[:cursor.Size]
		answer.NextPageToken = cursor.Token(rows[len(rows)-1].Sequence, page.Onward)
	}
	answer.Notifications, err = h.renderer.Render(ctx, rows)
	return answer, err
}

// BatchGetNotifications answers those of the notifications that are shown to the caller, in the order asked.
func (h *handler) BatchGetNotifications(ctx context.Context, req *notificationv1.BatchGetNotificationsRequest) (*notificationv1.BatchGetNotificationsResponse, error) {
	viewer := auth.Caller(ctx).UserID
	looks := visibility.SightsOf(viewer, req.GetNotificationIds())
	found, err := h.renderer.Looks(ctx, looks)
	if err != nil {
		return nil, err
	}
	answer := &notificationv1.BatchGetNotificationsResponse{}
	for _, look := range looks {
		if n := found[look]; n != nil {
			answer.Notifications = append(answer.Notifications, n)
		}
	}
	return answer, nil
}

// countedUnread is how many unread notifications are counted: it stands for "more than 99".
const countedUnread = 100

// unread answers how many notifications a person has not read, at most [countedUnread].
func unread(ctx context.Context, client *ent.Client, viewer int64) (int32, error) {
	ids, err := client.Notification.Query().Where(notifications.Shown(viewer), entnotification.Read(false)).Limit(countedUnread).IDs(ctx)
	if err != nil {
		return 0, fmt.Errorf("count unread notifications: %w", err)
	}
	return int32(len(ids)), nil
}

// GetUnreadCount answers how many notifications the caller has not read.
func (h *handler) GetUnreadCount(ctx context.Context, _ *notificationv1.GetUnreadCountRequest) (*notificationv1.GetUnreadCountResponse, error) {
	count, err := unread(ctx, h.db.Client, auth.Caller(ctx).UserID)
	return &notificationv1.GetUnreadCountResponse{UnreadCount: count}, err
}
