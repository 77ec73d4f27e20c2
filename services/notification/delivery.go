package notification

import (
	"context"
	"fmt"
	"slices"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/notificationdelivery"
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
	push, email := p.channels(cause)
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
