package notification_test

import (
	"context"
	"errors"
	"testing"

	"github.com/pulse-social/pulse/ent/notificationcause"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
	"github.com/pulse-social/pulse/services/notification"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// errUndo undoes what a round of a benchmark wrote.
var errUndo = errors.New("undo")

// BenchmarkBatchOfMessages applies batches of 200 messages, in 100 conversations of two, and undoes them.
func BenchmarkBatchOfMessages(b *testing.B) {
	p := pulsetest.Start(b)
	s := database(b, p)
	ada, bob := p.User(b, "ada"), p.User(b, "bob")
	var events []bus.Event
	for range 100 {
		c := converse(b, s, []*pulsetest.User{ada, bob}, nil)
		for _, sent := range c.send(b, bob, messagingv1.MessageKind_MESSAGE_KIND_TEXT, 2, false) {
			events = append(events, bus.Event{AggregateID: c.id, Message: sent})
		}
	}
	db := s.For("notification")
	consumer := notification.New(notification.Config{}, service.Deps{DB: db, Visibility: visibility.NewPolicy(db.Client), Now: clock.System}).Consumers[0]
	for b.Loop() {
		err := db.Write(b.Context(), func(tx *store.Tx) error {
			if err := consumer.Apply(b.Context(), tx, events); err != nil {
				return err
			}
			if n, err := tx.NotificationCause.Query().Where(notificationcause.ActorID(bob.ID)).Count(context.WithoutCancel(b.Context())); err != nil || n != len(events) {
				return errors.Join(err, errors.New("not every message is a cause"))
			}
			return errUndo
		})
		if !errors.Is(err, errUndo) {
			b.Fatal(err)
		}
	}
}
