package notification

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/notificationdelivery"
	"github.com/pulse-social/pulse/ent/pushsubscription"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
	"github.com/pulse-social/pulse/services/internal/webpush"
)

const (
	// sendEvery is how often it is looked what is due.
	sendEvery = 500 * time.Millisecond
	// atOnce is how many deliveries a process sends at once, atOnceByHost how many of them to one push service, so that one
	// that is slow does not hold the others up.
	atOnce       = 16
	atOnceByHost = 4
	// mostTries is how often a push is tried, with firstPause and then four times as long between two tries: 23 hours in all.
	mostTries  = 8
	firstPause = 15 * time.Second
	// sendGrace is how long a process that stops waits for answers.
	sendGrace = 3 * time.Second
	// noteTimeout bounds noting what became of a delivery.
	noteTimeout = 5 * time.Second
)

// A sender sends what is due, beside any number of others: a delivery is claimed before it is sent, by one of them.
type sender struct {
	db         *store.DB
	visibility *visibility.Policy
	push       *webpush.Client // nil when nothing is pushed
	config     webpush.Config
	now        clock.Clock
	log        *slog.Logger
	outcomes   outcomes

	mu    sync.Mutex
	hosts map[string]int // how much is being sent to each push service
	using int            // how much is being sent
	freed chan struct{}  // told when something was sent
}

// newSender makes the sender of this process.
func (h *handler) newSender(ctx context.Context) *sender {
	return &sender{
		db: h.db, visibility: h.visibility, push: h.push, config: h.config.Push, now: h.now, log: h.log, outcomes: newOutcomes(ctx),
		hosts: map[string]int{}, freed: make(chan struct{}, 1),
	}
}

// tellingConsumers are those that have people told outside of the application.
func tellingConsumers() []bus.Consumer {
	return []bus.Consumer{deliveriesConsumer(), endsConsumer(), declinedConsumer()}
}

// run sends until ctx ends.
func (s *sender) run(ctx context.Context) {
	working, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(sendGrace, end) })()
	var all sync.WaitGroup
	defer all.Wait()
	tick := time.NewTicker(sendEvery)
	defer tick.Stop()
	failing, forgot := false, time.Time{}
	for ctx.Err() == nil {
		more, err := s.round(ctx, working, &all)
		if now := s.now(); err == nil && now.Sub(forgot) > forgetEvery {
			forgot, err = now, s.forget(ctx)
		}
		// What failed is tried again in a moment; it is told once.
		if err != nil && !failing && ctx.Err() == nil {
			s.log.WarnContext(ctx, "pushes and mails wait", "error", err)
		}
		failing = err != nil
		if more && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-s.freed:
		}
	}
}

// round begins to send what is due, as much of it as there is room for, and tells whether there is room and more.
func (s *sender) round(ctx, working context.Context, all *sync.WaitGroup) (more bool, err error) {
	s.mu.Lock()
	room := atOnce - s.using
	s.mu.Unlock()
	if room == 0 {
		return false, nil
	}
	c, err := s.claim(ctx, room)
	if err != nil {
		return false, err
	}
	s.outcomes.addAll(ctx, outcomeNotNeeded, c.unneeded)
	s.outcomes.addAll(ctx, outcomeUnknown, c.unknown)
	for _, d := range c.deliveries {
		s.use(d.host, 1)
		all.Go(func() {
			defer s.use(d.host, -1)
			s.deliver(working, d)
		})
	}
	return c.more && len(c.deliveries) < room, nil
}

// use counts what is being sent.
func (s *sender) use(host string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.using += n
	if s.hosts[host] += n; s.hosts[host] == 0 {
		delete(s.hosts, host)
	}
	if n < 0 {
		select {
		case s.freed <- struct{}{}:
		default:
		}
	}
}

// hostsInUse answers how much is being sent to each push service.
func (s *sender) hostsInUse() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.hosts)
}

// deliver sends one delivery that was claimed, and notes what became of it.
func (s *sender) deliver(ctx context.Context, d claimed) {
	what, quietUntil, err := s.tell(ctx, d)
	var done outcome
	switch {
	case err != nil: // Nothing was sent, so it is no try.
		done = outcome{state: stateWaits, name: outcomeRetried, due: s.now().Add(firstPause), err: err, untried: true}
	case !quietUntil.IsZero():
		done = outcome{state: stateWaits, name: outcomePostponed, due: quietUntil, untried: true}
	case what == nil:
		done = outcome{state: stateNotNeeded, name: outcomeNotNeeded}
	case d.subscription == nil:
		done = outcome{state: stateTaken, name: outcomeSent, mail: what}
	default:
		done = s.sendPush(ctx, d, what)
	}
	// The outcome is noted even when the time is over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	if err := s.note(ctx, d, done); err != nil {
		s.log.WarnContext(ctx, "what became of a delivery was not noted", "delivery", d.ID, "outcome", done.name, "error", err)
		return
	}
	s.outcomes.add(ctx, channelOf(d.NotificationDelivery), done.name, 1)
	if done.name == outcomeRetried {
		s.log.DebugContext(ctx, "a delivery will be tried again", "delivery", d.ID, "due", done.due, "error", done.err)
	}
	if done.state == stateGivenUp {
		s.log.ErrorContext(ctx, "a push was given up", "delivery", d.ID, "push_service", d.host, "outcome", done.name, "tries", d.Tries, "error", done.err)
	}
}

// sendPush calls the push service.
func (s *sender) sendPush(ctx context.Context, d claimed, what *told) outcome {
	message, err := what.push()
	if err != nil {
		return outcome{state: stateGivenUp, name: outcomeRefused, err: err}
	}
	result := s.push.Send(ctx, webpush.Subscription{Endpoint: d.subscription.Endpoint, PublicKey: d.subscription.P256dh, Auth: d.subscription.Auth}, message)
	switch result.Outcome {
	case webpush.Sent:
		return outcome{state: stateTaken, name: outcomeSent}
	case webpush.Gone:
		return outcome{state: stateNotNeeded, name: outcomeGone, err: result.Err, gone: true}
	case webpush.Later:
		return s.again(d, result)
	case webpush.Refused:
		return outcome{state: stateGivenUp, name: outcomeRefused, err: result.Err}
	default:
		return outcome{state: stateGivenUp, name: outcomeUnknown, err: errors.Join(errors.New(unknownOutcome), result.Err)}
	}
}

// again tells when a push is tried again, or gives it up.
func (s *sender) again(d claimed, result webpush.Result) outcome {
	pause := firstPause
	for range d.Tries - 1 {
		pause *= 4
	}
	pause -= time.Duration(rand.Int64N(int64(pause / 10))) //nolint:gosec // Jitter.
	due := s.now().Add(max(pause, result.RetryAfter))
	if d.Tries >= mostTries || due.Sub(id.Time(d.CauseID)) > deliverWithin {
		return outcome{state: stateGivenUp, name: outcomeDead, err: result.Err}
	}
	return outcome{state: stateWaits, name: outcomeRetried, due: due, err: result.Err}
}

// An outcome is what is noted of a delivery.
type outcome struct {
	state int32
	name  string
	err   error
	// due is when it is tried again, for one that waits.
	due time.Time
	// untried is whether nothing was tried.
	untried bool
	// gone is whether the subscription has ended.
	gone bool
	// mail is what is handed over to be mailed, in the transaction of the mark.
	mail *told
}

// note writes an outcome down.
func (s *sender) note(ctx context.Context, d claimed, done outcome) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		update := tx.NotificationDelivery.Update().Where(notificationdelivery.ID(d.ID), notificationdelivery.State(stateSending)).SetState(done.state)
		if done.err != nil {
			update.SetError(done.err.Error())
		}
		if done.state == stateWaits {
			update.SetDueAt(done.due)
		}
		if done.untried {
			update.AddTries(-1)
		}
		noted, err := update.Save(ctx)
		if err != nil || noted == 0 { // It was erased, or took so long that others have given it up.
			return err
		}
		if done.gone {
			return forgetSubscriptions(ctx, tx, pushsubscription.ID(d.SubscriptionID))
		}
		if done.mail == nil {
			return nil
		}
		return tx.Emit(&busv1.NotificationMailDue{
			DeliveryId: d.ID, RecipientId: d.RecipientID, NotificationId: d.NotificationID,
			ActorId: done.mail.cause.ActorID, Others: int32(done.mail.others),
		})
	})
}

const (
	// forgetEvery is how often deliveries are looked for that nobody needs any more.
	forgetEvery = time.Hour
	// keptDeliveries is for how long deliveries are kept: longer than any of their causes can come again.
	keptDeliveries = 7 * 24 * time.Hour
	// forgottenAtOnce bounds the rows of one transaction.
	forgottenAtOnce = 1000
)

// forget deletes deliveries that are over for long.
func (s *sender) forget(ctx context.Context) error {
	for deleted := forgottenAtOnce; deleted == forgottenAtOnce; {
		err := s.db.Write(ctx, func(tx *store.Tx) error {
			ids, err := tx.NotificationDelivery.Query().
				Where(notificationdelivery.IDLT(id.At(tx.Now.Add(-keptDeliveries))), notificationdelivery.StateGTE(stateTaken)).
				Order(notificationdelivery.ByID()).Limit(forgottenAtOnce).IDs(ctx)
			if err != nil {
				return err
			}
			deleted = len(ids)
			_, err = tx.NotificationDelivery.Delete().Where(notificationdelivery.IDIn(ids...)).Exec(ctx)
			return err
		})
		if err != nil {
			return fmt.Errorf("delete old deliveries: %w", err)
		}
	}
	return nil
}

// channelOf names the channel of a delivery.
func channelOf(row *ent.NotificationDelivery) string {
	if row.SubscriptionID == byMail {
		return channelMail
	}
	return channelPush
}
