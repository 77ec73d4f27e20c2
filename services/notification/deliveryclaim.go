package notification

import (
	"context"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/notificationcause"
	"github.com/pulse-social/pulse/ent/notificationdelivery"
	"github.com/pulse-social/pulse/ent/predicate"
	"github.com/pulse-social/pulse/ent/pushsubscription"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// claimLife is how long who has begun to send something is waited for: longer than sending takes.
	claimLife = time.Minute
	// lookedAt is how many deliveries are looked at for each that can be sent now.
	lookedAt = 4
	// hostPause is how long what waits for a push service that has enough to do is put off.
	hostPause = 2 * time.Second
	// unknownOutcome is what is kept of a push that may have been sent or not.
	unknownOutcome = "it is not known whether it was sent"
)

// A claimed delivery is one that this process is to send, and nobody else.
type claimed struct {
	*ent.NotificationDelivery

	// subscription is nil for mail.
	subscription *ent.PushSubscription
	// host is that of the push service, empty for mail.
	host string
}

// A claim is what a look at the deliveries came to.
type claim struct {
	deliveries []claimed
	// unneeded and unknown are how many turned out to be so, by channel.
	unneeded, unknown map[string]int
	// more is whether there may be more that is due.
	more bool
}

// claim takes up to n deliveries that are due, each of them for good: when this process ends before it has noted what became of
// a push, the push is given up, for nobody can know whether it was sent.
func (s *sender) claim(ctx context.Context, n int) (*claim, error) {
	due, err := s.db.NotificationDelivery.Query().Where(dueBy(s.now())).Exist(ctx)
	if err != nil || !due {
		return &claim{}, err
	}
	var c *claim
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		c = &claim{unneeded: map[string]int{}, unknown: map[string]int{}}
		// One process at a time looks, so that no two take the same.
		if err := tx.Lock(ctx, "notification deliveries"); err != nil {
			return err
		}
		if err := c.giveUp(ctx, tx); err != nil {
			return err
		}
		rows, err := tx.NotificationDelivery.Query().Where(notificationdelivery.State(stateWaits), notificationdelivery.DueAtLTE(tx.Now)).
			Order(notificationdelivery.ByDueAt(), notificationdelivery.ByID()).Limit(lookedAt * n).All(ctx)
		if err != nil {
			return fmt.Errorf("look for deliveries: %w", err)
		}
		c.more = len(rows) == lookedAt*n
		if rows, err = c.needed(ctx, tx, rows); err != nil {
			return err
		}
		return s.take(ctx, tx, c, rows, n)
	})
	return c, err
}

// dueBy matches what is to be looked at by a time: what waits, and what somebody has begun to send and never finished.
func dueBy(now time.Time) predicate.NotificationDelivery {
	return notificationdelivery.And(notificationdelivery.StateLTE(stateSending), notificationdelivery.DueAtLTE(now))
}

// giveUp ends the claims of processes that died: nobody knows whether they had sent their pushes. Mails are handed over with
// the mark, so those that are not marked were not.
func (c *claim) giveUp(ctx context.Context, tx *store.Tx) error {
	abandoned := notificationdelivery.And(notificationdelivery.State(stateSending), notificationdelivery.DueAtLTE(tx.Now))
	err := tx.NotificationDelivery.Update().Where(abandoned, notificationdelivery.SubscriptionID(byMail)).SetState(stateWaits).Exec(ctx)
	if err != nil {
		return fmt.Errorf("take back mails: %w", err)
	}
	lost, err := tx.NotificationDelivery.Update().Where(abandoned, notificationdelivery.SubscriptionIDNEQ(byMail)).
		SetState(stateGivenUp).SetError(unknownOutcome).Save(ctx)
	if err != nil {
		return fmt.Errorf("give up pushes: %w", err)
	}
	c.unknown[channelPush] += lost
	return nil
}

// needed drops deliveries whose cause was taken back, and those that another of the same notification to the same browser
// takes the place of: what comes after quiet hours is one for each notification, and says how many there are.
func (c *claim) needed(ctx context.Context, tx *store.Tx, rows []*ent.NotificationDelivery) ([]*ent.NotificationDelivery, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	var notifications []int64
	for _, row := range rows {
		notifications = append(notifications, row.NotificationID)
	}
	var newest []struct {
		NotificationID int64 `sql:"notification_id"`
		SubscriptionID int64 `sql:"subscription_id"`
		Max            int64 `sql:"max"`
	}
	err := tx.NotificationDelivery.Query().Where(
		notificationdelivery.NotificationIDIn(notifications...), notificationdelivery.State(stateWaits),
		notificationdelivery.DueAtLTE(tx.Now), causeHolds,
	).GroupBy(notificationdelivery.FieldNotificationID, notificationdelivery.FieldSubscriptionID).
		Aggregate(ent.As(ent.Max(notificationdelivery.FieldID), "max")).Scan(ctx, &newest)
	if err != nil {
		return nil, fmt.Errorf("look for the newest deliveries: %w", err)
	}
	keep := map[int64]bool{}
	for _, group := range newest {
		keep[group.Max] = true
	}
	var kept []*ent.NotificationDelivery
	var dropped []int64
	for _, row := range rows {
		if keep[row.ID] {
			kept = append(kept, row)
			continue
		}
		dropped = append(dropped, row.ID)
		c.unneeded[channelOf(row)]++
	}
	return kept, tx.NotificationDelivery.Update().Where(notificationdelivery.IDIn(dropped...)).SetState(stateNotNeeded).Exec(ctx)
}

// causeHolds matches deliveries whose cause was not taken back.
func causeHolds(s *entsql.Selector) {
	causes := entsql.Table(notificationcause.Table)
	s.Where(entsql.Exists(entsql.Select(causes.C(notificationcause.FieldID)).From(causes).Where(entsql.And(
		entsql.ColumnsEQ(causes.C(notificationcause.FieldID), s.C(notificationdelivery.FieldCauseID)),
		entsql.EQ(causes.C(notificationcause.FieldHolds), true),
	))))
}

// take claims up to n of the deliveries. A push service that has as many as it may at once makes its own wait, and no others.
func (s *sender) take(ctx context.Context, tx *store.Tx, c *claim, rows []*ent.NotificationDelivery, n int) error {
	subscriptions, err := subscriptionRows(ctx, tx, rows)
	if err != nil {
		return err
	}
	busy := s.hostsInUse()
	var taken, postponed, gone []int64
	for _, row := range rows {
		one := claimed{NotificationDelivery: row, subscription: subscriptions[row.SubscriptionID]}
		switch {
		case len(taken) == n:
			c.more = true
			continue
		case row.SubscriptionID == byMail:
		case one.subscription == nil || s.push == nil:
			gone = append(gone, row.ID)
			c.unneeded[channelPush]++
			continue
		default:
			one.host, _ = s.config.Host(one.subscription.Endpoint) // It was looked at when it was written.
			if busy[one.host] >= atOnceByHost {
				postponed = append(postponed, row.ID)
				continue
			}
			busy[one.host]++
		}
		taken = append(taken, row.ID)
		one.Tries++ // As it is written below.
		c.deliveries = append(c.deliveries, one)
	}
	return noteClaim(ctx, tx, taken, postponed, gone)
}

// noteClaim writes down which deliveries are sent now, which later, and which never.
func noteClaim(ctx context.Context, tx *store.Tx, taken, postponed, gone []int64) error {
	for _, change := range []struct {
		ids    []int64
		update func(*ent.NotificationDeliveryUpdate)
	}{
		{taken, func(u *ent.NotificationDeliveryUpdate) {
			u.SetState(stateSending).SetDueAt(tx.Now.Add(claimLife)).AddTries(1)
		}},
		{postponed, func(u *ent.NotificationDeliveryUpdate) { u.SetDueAt(tx.Now.Add(hostPause)) }},
		{gone, func(u *ent.NotificationDeliveryUpdate) { u.SetState(stateNotNeeded) }},
	} {
		if len(change.ids) == 0 {
			continue
		}
		update := tx.NotificationDelivery.Update().Where(notificationdelivery.IDIn(change.ids...))
		change.update(update)
		if err := update.Exec(ctx); err != nil {
			return fmt.Errorf("claim deliveries: %w", err)
		}
	}
	return nil
}

// subscriptionRows reads the subscriptions of deliveries, by id.
func subscriptionRows(ctx context.Context, tx *store.Tx, rows []*ent.NotificationDelivery) (map[int64]*ent.PushSubscription, error) {
	var ids []int64
	for _, row := range rows {
		if row.SubscriptionID != byMail {
			ids = append(ids, row.SubscriptionID)
		}
	}
	if len(ids) == 0 {
		return nil, nil //nolint:nilnil // None is an answer.
	}
	found, err := tx.PushSubscription.Query().Where(pushsubscription.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read subscriptions: %w", err)
	}
	byID := make(map[int64]*ent.PushSubscription, len(found))
	for _, row := range found {
		byID[row.ID] = row
	}
	return byID, nil
}
