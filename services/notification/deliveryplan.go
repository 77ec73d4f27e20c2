package notification

import (
	"context"
	"fmt"
	"slices"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	entnotification "github.com/pulse-social/pulse/ent/notification"
	"github.com/pulse-social/pulse/ent/notificationcause"
	"github.com/pulse-social/pulse/ent/notificationdelivery"
	"github.com/pulse-social/pulse/ent/predicate"
	"github.com/pulse-social/pulse/ent/pushsubscription"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

// A plan is what has to be known about causes to tell of them.
type plan struct {
	causes        []*ent.NotificationCause // that hold, are told somewhere, and of notifications that were not read; the oldest first
	later         map[int64][]int64        // by notification, the numbers of its newest causes that hold
	counts        map[int64]int64          // by notification
	subscriptions map[int64][]int64        // by person
	choices       choices
	quiet         map[int64]quiet
	mailed        map[int64]bool // notifications
}

// planFor reads all of it, in a query for each kind of thing.
func planFor(ctx context.Context, tx *store.Tx, causeIDs []int64) (*plan, error) {
	p := &plan{}
	if len(causeIDs) == 0 {
		return p, nil
	}
	causes, err := tx.NotificationCause.Query().Where(notificationcause.IDIn(causeIDs...), notificationcause.Holds(true)).
		Order(notificationcause.BySequence()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read causes: %w", err)
	}
	people := recipients(causes)
	if p.subscriptions, err = subscriptionsOf(ctx, tx, people); err != nil {
		return nil, err
	}
	if p.choices, err = choicesOf(ctx, tx.Client, people); err != nil {
		return nil, err
	}
	// Most people are told in the application alone: of their causes nothing more has to be known.
	causes = slices.DeleteFunc(causes, func(cause *ent.NotificationCause) bool {
		push, email := p.channels(cause)
		return !push && !email
	})
	if err := p.readNotifications(ctx, tx, causes); err != nil || len(p.causes) == 0 {
		return p, err
	}
	p.quiet, err = quietOnes(ctx, tx.Client, recipients(p.causes))
	return p, err
}

// recipients lists whom causes notify, each once.
func recipients(causes []*ent.NotificationCause) []int64 {
	people := make([]int64, len(causes))
	for i, cause := range causes {
		people[i] = cause.RecipientID
	}
	return id.Unique(people)
}

// channels answers whether the recipient of a cause wants to be pushed it and can be, and whether to be mailed.
func (p *plan) channels(cause *ent.NotificationCause) (push, email bool) {
	push, email = p.choices.of(cause.RecipientID, notificationv1.NotificationKind(cause.Kind))
	return push && len(p.subscriptions[cause.RecipientID]) > 0, email
}

// readNotifications keeps the causes whose notifications were not read, and learns how many there are of each.
func (p *plan) readNotifications(ctx context.Context, tx *store.Tx, causes []*ent.NotificationCause) error {
	if len(causes) == 0 {
		return nil
	}
	first := map[int64]int64{} // The number of the oldest cause by notification.
	for _, cause := range causes {
		if _, ok := first[cause.NotificationID]; !ok {
			first[cause.NotificationID] = cause.Sequence
		}
	}
	unread, err := tx.Notification.Query().Where(entnotification.IDIn(keys(first)...), entnotification.Read(false)).All(ctx)
	if err != nil {
		return fmt.Errorf("read notifications: %w", err)
	}
	p.counts, p.later, p.mailed = map[int64]int64{}, map[int64][]int64{}, map[int64]bool{}
	since := make([][2]int64, len(unread))
	for i, row := range unread {
		p.counts[row.ID] = row.CauseCount
		since[i] = [2]int64{row.ID, first[row.ID]}
	}
	for _, cause := range causes {
		if _, ok := p.counts[cause.NotificationID]; ok {
			p.causes = append(p.causes, cause)
		}
	}
	if len(p.causes) == 0 {
		return nil
	}
	newest, err := tx.NotificationCause.Query().Where(notificationcause.Holds(true), ofSince(since)).
		Select(notificationcause.FieldNotificationID, notificationcause.FieldSequence).All(ctx)
	if err != nil {
		return fmt.Errorf("read newer causes: %w", err)
	}
	for _, row := range newest {
		p.later[row.NotificationID] = append(p.later[row.NotificationID], row.Sequence)
	}
	mailed, err := tx.NotificationDelivery.Query().Where(
		notificationdelivery.NotificationIDIn(keys(p.counts)...), notificationdelivery.SubscriptionID(byMail),
		notificationdelivery.IDGTE(id.At(tx.Now.Add(-mailEvery))), notificationdelivery.StateLTE(stateTaken),
	).Select(notificationdelivery.FieldNotificationID).All(ctx)
	if err != nil {
		return fmt.Errorf("read mails: %w", err)
	}
	for _, row := range mailed {
		p.mailed[row.NotificationID] = true
	}
	return nil
}

// ofSince matches the causes of notifications from a number of each on: the pairs are a notification and a number.
func ofSince(since [][2]int64) predicate.NotificationCause {
	return func(s *entsql.Selector) {
		asked := entsql.Table("since")
		notification, sequence := s.C(notificationcause.FieldNotificationID), s.C(notificationcause.FieldSequence)
		s.Prefix(store.WithPairs(s.Dialect(), "since", "notification", "first", since)).
			Join(asked).On(notification, asked.C("notification")).Where(entsql.ColumnsGTE(sequence, asked.C("first")))
	}
}

// keys lists the keys of a map.
func keys[V any](of map[int64]V) []int64 {
	list := make([]int64, 0, len(of))
	for key := range of {
		list = append(list, key)
	}
	return list
}

// subscriptionsOf reads the ids of people's subscriptions.
func subscriptionsOf(ctx context.Context, tx *store.Tx, people []int64) (map[int64][]int64, error) {
	rows, err := tx.PushSubscription.Query().Where(pushsubscription.UserIDIn(people...)).
		Select(pushsubscription.FieldID, pushsubscription.FieldUserID).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read subscriptions: %w", err)
	}
	found := map[int64][]int64{}
	for _, row := range rows {
		found[row.UserID] = append(found[row.UserID], row.ID)
	}
	return found, nil
}
