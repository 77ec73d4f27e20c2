package notification

import (
	"context"
	"fmt"
	"slices"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent"
	entnotification "github.com/pulse-social/pulse/ent/notification"
	"github.com/pulse-social/pulse/ent/notificationcause"
	"github.com/pulse-social/pulse/ent/notificationdelivery"
	"github.com/pulse-social/pulse/ent/predicate"
	"github.com/pulse-social/pulse/ent/pushsubscription"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

// The states of a delivery, as they are kept.
const (
	stateWaits     = 0
	stateSending   = 1
	stateTaken     = 2
	stateNotNeeded = 3
	stateGivenUp   = 4
)

const (
	// byMail is the subscription of deliveries by mail.
	byMail = 0
	// deliverWithin is for how long after its cause somebody is told outside of the application at all.
	deliverWithin = 24 * time.Hour
	// mailEvery is how far apart two mails about one notification are, however much of it comes.
	mailEvery = 24 * time.Hour
	// writtenAtOnce bounds the rows of one statement.
	writtenAtOnce = 500
)

// deliveriesConsumer writes down to whom causes are to be told outside of the application. What somebody does not want, or may
// not see any more, is looked at again when it is sent.
func deliveriesConsumer() bus.Consumer {
	return bus.Consumer{
		Name: "notification.deliveries", Events: []proto.Message{&busv1.NotificationRaised{}}, Pace: bus.PaceOfCounts,
		Apply: func(ctx context.Context, tx *store.Tx, events []bus.Event) error {
			causes := make([]int64, 0, len(events))
			for _, event := range events {
				if raised, ok := event.Message.(*busv1.NotificationRaised); ok && tx.Now.Sub(id.Time(raised.GetCauseId())) < deliverWithin {
					causes = append(causes, raised.GetCauseId())
				}
			}
			p, err := planFor(ctx, tx, causes)
			if err != nil || len(p.causes) == 0 {
				return err
			}
			return p.write(ctx, tx)
		},
	}
}

// A plan is what has to be known about causes to tell of them.
type plan struct {
	causes        []*ent.NotificationCause // that hold, of notifications that were not read, the oldest first
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
	if err := p.readNotifications(ctx, tx, causes); err != nil || len(p.causes) == 0 {
		return p, err
	}
	var people []int64
	for _, cause := range p.causes {
		people = append(people, cause.RecipientID)
	}
	people = id.Unique(people)
	if p.subscriptions, err = subscriptionsOf(ctx, tx, people); err != nil {
		return nil, err
	}
	if p.choices, err = choicesOf(ctx, tx.Client, people); err != nil {
		return nil, err
	}
	p.quiet, err = quietOnes(ctx, tx.Client, people)
	return p, err
}

// readNotifications keeps the causes whose notifications were not read, and learns how many there are of each.
func (p *plan) readNotifications(ctx context.Context, tx *store.Tx, causes []*ent.NotificationCause) error {
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
	var since []predicate.NotificationCause
	for _, row := range unread {
		p.counts[row.ID] = row.CauseCount
		since = append(since, notificationcause.And(notificationcause.NotificationID(row.ID), notificationcause.SequenceGTE(first[row.ID])))
	}
	for _, cause := range causes {
		if _, ok := p.counts[cause.NotificationID]; ok {
			p.causes = append(p.causes, cause)
		}
	}
	if len(p.causes) == 0 {
		return nil
	}
	newest, err := tx.NotificationCause.Query().Where(notificationcause.Or(since...), notificationcause.Holds(true)).
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

// write writes the deliveries.
func (p *plan) write(ctx context.Context, tx *store.Tx) error {
	var rows []*ent.NotificationDeliveryCreate
	for _, cause := range p.causes {
		due := tx.Now
		if q, ok := p.quiet[cause.RecipientID]; ok {
			due = q.until(tx.Now)
		}
		for _, subscription := range p.destinations(cause) {
			rows = append(rows, tx.NotificationDelivery.Create().SetID(tx.NewID()).SetCauseID(cause.ID).SetNotificationID(cause.NotificationID).
				SetRecipientID(cause.RecipientID).SetSubscriptionID(subscription).SetDueAt(due))
		}
	}
	for chunk := range slices.Chunk(rows, writtenAtOnce) {
		err := tx.NotificationDelivery.CreateBulk(chunk...).OnConflict(
			entsql.ConflictColumns(notificationdelivery.FieldCauseID, notificationdelivery.FieldSubscriptionID), entsql.ResolveWithIgnore(),
		).Exec(ctx)
		if err != nil {
			return fmt.Errorf("write deliveries: %w", err)
		}
	}
	return nil
}

// destinations answers where a cause is to be told: subscriptions, and whether by mail.
func (p *plan) destinations(cause *ent.NotificationCause) []int64 {
	push, email := p.choices.of(cause.RecipientID, notificationv1.NotificationKind(cause.Kind))
	var to []int64
	if push && tellsAgain(notificationv1.NotificationKind(cause.Kind), p.ordinal(cause)) {
		to = append(to, p.subscriptions[cause.RecipientID]...)
	}
	if email && !p.mailed[cause.NotificationID] {
		p.mailed[cause.NotificationID] = true
		to = append(to, byMail)
	}
	return to
}

// ordinal answers which of its notification's causes a cause is, from 1: of those that hold.
func (p *plan) ordinal(cause *ent.NotificationCause) int64 {
	n := p.counts[cause.NotificationID]
	for _, sequence := range p.later[cause.NotificationID] {
		if sequence > cause.Sequence {
			n--
		}
	}
	return n
}

// tellsAgain tells whether the n-th cause of a notification that was not read is pushed. What somebody wrote to one is, each
// time. Of likes, reposts, follows and requests the 1st is, and the 2nd, 5th, 10th, 20th, 50th, 100th and so on, so that a
// storm of them is none of pushes.
func tellsAgain(kind notificationv1.NotificationKind, n int64) bool {
	if slices.Contains([]notificationv1.NotificationKind{kindMessage, kindReply, kindMention, kindQuote}, kind) {
		return true
	}
	if n <= 0 {
		return false
	}
	for n%10 == 0 {
		n /= 10
	}
	return n == 1 || n == 2 || n == 5
}
