package notification

import (
	"context"
	"fmt"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/notificationpreference"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
)

// choices are the preferences of people who have any.
type choices map[setting]*notificationv1.KindPreference

// choicesOf reads the preferences of people.
func choicesOf(ctx context.Context, db *ent.Client, people []int64) (choices, error) {
	rows, err := db.NotificationPreference.Query().Where(notificationpreference.UserIDIn(people...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read preferences: %w", err)
	}
	found := make(choices, len(rows))
	for _, row := range rows {
		found[setting{row.UserID, notificationv1.NotificationKind(row.Kind)}] = preferenceOf(row)
	}
	return found, nil
}

// of answers whether a person wants to be pushed a kind, and mailed.
func (c choices) of(person int64, kind notificationv1.NotificationKind) (push, email bool) {
	preference := c[setting{person, kind}]
	if preference == nil {
		preference = defaultOf(kind)
	}
	on := preference.GetAudience() != notificationv1.NotificationAudience_NOTIFICATION_AUDIENCE_NOBODY
	return on && preference.GetPush(), on && preference.GetEmail()
}
