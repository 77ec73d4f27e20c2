package notification_test

import (
	"testing"
	"time"

	"github.com/pulse-social/pulse/ent/notificationcause"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// What was read and is old is deleted with its causes; what was not read stays.
func TestOldNotificationsThatWereReadGo(t *testing.T) {
	t.Parallel()
	var clock movableClock
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now), pulsetest.WithEnv("PULSE_NOTIFICATION_KEEP", "24h"))
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	read, kept := write(t, ada, "read"), write(t, ada, "not read")
	like(t, bob, read)
	mark(t, ada, listed(t, p, ada)[0], false)
	like(t, bob, kept)
	p.Settle(t)
	s := database(t, p)
	clock.ahead.Add(int64(25 * time.Hour))
	p.Restart(t, nil) // It is looked for at start.
	ada.Client = signIn(t, p, ada)
	testwait.Until(t, "the old one is gone", func() bool {
		return len(list(t, ada, &notificationv1.ListNotificationsRequest{})) == 1
	})
	expect(t, "what is left", listed(t, p, ada), by(&notificationv1.Notification{Kind: likes, PostId: kept}, bob))
	if got := sequences(t, s, ada); len(got) != 1 || got[0] != 2 {
		t.Errorf("causes %v, want the second alone", got)
	}
}

// A deleted account leaves nothing: neither what it was notified of nor what others were because of it.
func TestErasesDeletedAccounts(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	hello := write(t, ada, "hello")
	like(t, eve, hello)
	p.Settle(t)
	like(t, bob, hello)
	follow(t, ada, bob)
	_, err := prefer(t, bob, &notificationv1.Preferences{Kinds: []*notificationv1.KindPreference{{Kind: likes}}})
	must(t, err)
	expect(t, "before", listed(t, p, ada), by(&notificationv1.Notification{Kind: likes, PostId: hello}, bob, eve))
	s := database(t, p)
	_, err = bob.Accounts.DeleteAccount(t.Context(), &identityv1.DeleteAccountRequest{})
	must(t, err)
	expect(t, "after", listed(t, p, ada), by(&notificationv1.Notification{Kind: likes, PostId: hello}, eve))
	left, err := s.For("check").NotificationCause.Query().
		Where(notificationcause.Or(notificationcause.ActorID(bob.ID), notificationcause.RecipientID(bob.ID))).Count(t.Context())
	must(t, err)
	rows, err := s.For("check").NotificationPreference.Query().Count(t.Context())
	must(t, err)
	if left != 0 || rows != 0 {
		t.Errorf("%d causes and %d preferences are left", left, rows)
	}
}
