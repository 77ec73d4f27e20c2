package event_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

const (
	toldAnswer    = notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_ANSWER
	toldInvite    = notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_INVITE
	toldChange    = notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_CHANGED
	toldCancel    = notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_CANCELLED
	toldPromotion = notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_PROMOTED
	toldReminder  = notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_REMINDER
)

// signIn opens a new session: tests put the clock farther forward than a token lives.
func signIn(t *testing.T, p *pulsetest.Pulse, who *pulsetest.User) *pulse.Client {
	t.Helper()
	client := p.Client(t)
	if _, err := client.LogIn(t.Context(), &identityv1.LogInRequest{Login: who.Handle, Password: who.Password}); err != nil {
		t.Fatal(err)
	}
	return client
}

// told writes what somebody was notified of a meetup, by kind, in the order of the kinds.
func told(t *testing.T, who *pulsetest.User, eventID int64) []string {
	t.Helper()
	answer := must[*notificationv1.ListNotificationsResponse](t)(who.Notifications.ListNotifications(t.Context(), &notificationv1.ListNotificationsRequest{PageSize: 100}))
	all := []string{}
	for _, n := range answer.GetNotifications() {
		if n.GetEventId() == eventID {
			all = append(all, tale(n.GetKind(), int(n.GetCauseCount()), handles(n)...))
		}
	}
	slices.Sort(all)
	return all
}

func handles(n *notificationv1.Notification) []string {
	var handles []string
	for _, actor := range n.GetActors() {
		handles = append(handles, actor.GetHandle())
	}
	return handles
}

// tale writes a notification as told does.
func tale(kind notificationv1.NotificationKind, causes int, by ...string) string {
	return fmt.Sprintf("%02d %v x%d by %v", kind, kind, causes, by)
}

// wantTold fails unless somebody was notified of this, and no more.
func wantTold(t *testing.T, what string, who *pulsetest.User, eventID int64, want ...string) {
	t.Helper()
	if got := told(t, who, eventID); !slices.Equal(got, append([]string{}, want...)) {
		t.Errorf("%s: %s was told %q, want %q", what, who.Handle, got, want)
	}
}

// Each is told of what concerns them: the host who answers, the invited of it, and who answered of what becomes of it.
func TestPeopleAreToldOfMeetups(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, cem, dan, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cem"), p.User(t, "dan"), p.User(t, "eve")
	id := create(t, ada, draft(t, "tea", 1)).GetId()
	invite(t, ada, id, dan)
	respond(t, bob, id, yes, yes)
	respond(t, cem, id, yes, waiting)
	respond(t, dan, id, maybe, maybe)
	respond(t, eve, id, no, no)
	respond(t, ada, id, yes, waiting) // Nobody is told of their own doings.
	p.Settle(t)
	wantTold(t, "answers", ada, id, tale(toldAnswer, 3, "dan", "cem", "bob"))
	wantTold(t, "an invitation", dan, id, tale(toldInvite, 1, "ada"))
	withdraw(t, bob, id)
	p.Settle(t)
	wantTold(t, "one came back", ada, id, tale(toldAnswer, 2, "dan", "cem"))
	wantTold(t, "a seat", cem, id, tale(toldPromotion, 1, "ada"))
	update(t, ada, id, &eventv1.EventDraft{Capacity: 1, Visibility: eventv1.Visibility_VISIBILITY_PUBLIC}, "capacity", "visibility")
	update(t, ada, id, &eventv1.EventDraft{Title: "coffee"}, "title")
	p.Settle(t)
	update(t, ada, id, &eventv1.EventDraft{Schedule: at(t, summer().Add(time.Hour))}, "schedule")
	p.Settle(t)
	wantTold(t, "two changes", cem, id, tale(toldChange, 2, "ada"), tale(toldPromotion, 1, "ada"))
	wantTold(t, "two changes", dan, id, tale(toldInvite, 1, "ada"), tale(toldChange, 2, "ada"))
	wantTold(t, "who does not come", eve, id)
	wantTold(t, "who took it back", bob, id)
	cancel(t, ada, id)
	p.Settle(t)
	wantTold(t, "cancelled", cem, id, tale(toldChange, 2, "ada"), tale(toldCancel, 1, "ada"), tale(toldPromotion, 1, "ada"))
	wantTold(t, "who does not come", eve, id)
	must[*eventv1.WithdrawInviteResponse](t)(ada.Events.WithdrawInvite(t.Context(), &eventv1.WithdrawInviteRequest{EventId: id, UserId: dan.ID}))
	p.Settle(t)
	wantTold(t, "not invited any more", dan, id, tale(toldChange, 2, "ada"), tale(toldCancel, 1, "ada"))
	block(t, dan, ada)
	wantTold(t, "across a block", dan, id)
}

// Who mutes the host is told of what they answered to, but not of an invitation; who wants no such notifications is not told.
func TestNewsHeedWhatPeopleWant(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, cem := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cem")
	id := create(t, ada, draft(t, "tea", 0)).GetId()
	must[*graphv1.MuteUserResponse](t)(bob.Graph.MuteUser(t.Context(), &graphv1.MuteUserRequest{UserId: ada.ID}))
	must[*notificationv1.UpdatePreferencesResponse](t)(cem.Notifications.UpdatePreferences(t.Context(), &notificationv1.UpdatePreferencesRequest{
		Preferences: &notificationv1.Preferences{Kinds: []*notificationv1.KindPreference{{
			Kind: toldCancel, Audience: notificationv1.NotificationAudience_NOTIFICATION_AUDIENCE_NOBODY, InApp: true,
		}}},
	}))
	invite(t, ada, id, bob)
	respond(t, bob, id, yes, yes)
	respond(t, cem, id, yes, yes)
	cancel(t, ada, id)
	p.Settle(t)
	wantTold(t, "the host is muted", bob, id, tale(toldCancel, 1, "ada"))
	wantTold(t, "the kind is off", cem, id)
}

// A day before is 24 hours before, whatever the clocks do meanwhile; who answers after that is reminded an hour before.
func TestRemindersAcrossAClockChange(t *testing.T) {
	t.Parallel()
	clock := new(movableClock)
	before := time.Date(2031, 3, 29, 9, 58, 0, 0, time.UTC)
	clock.advance(time.Until(before))
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now))
	ada, bob, cem := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cem")
	// Noon is 11:00 in UTC on the day before, when the clocks have not been put forward yet.
	id := create(t, ada, &eventv1.EventDraft{Title: "tea", Schedule: &eventv1.Schedule{
		TimeZone: berlin, Start: "2031-03-30T12:00", End: "2031-03-30T13:00",
	}}).GetId()
	respond(t, bob, id, yes, yes)
	p.Settle(t)
	wantTold(t, "before", bob, id)
	clock.advance(3 * time.Minute)
	testwait.Until(t, "bob is reminded 24 hours before", func() bool { return len(told(t, bob, id)) == 1 })
	respond(t, cem, id, yes, yes)
	clock.advance(23 * time.Hour)
	bob.Client, cem.Client = signIn(t, p, bob), signIn(t, p, cem)
	testwait.Until(t, "cem is reminded", func() bool { return len(told(t, cem, id)) == 1 })
	p.Settle(t)
	wantTold(t, "both", bob, id, tale(toldReminder, 2, "ada"))
	wantTold(t, "the second", cem, id, tale(toldReminder, 1, "ada"))
	asked := must[*notificationv1.ListNotificationsResponse](t)(cem.Notifications.ListNotifications(t.Context(), &notificationv1.ListNotificationsRequest{}))
	of := asked.GetNotifications()[0].GetId()
	again := must[*notificationv1.BatchGetNotificationsResponse](t)(cem.Notifications.BatchGetNotifications(t.Context(),
		&notificationv1.BatchGetNotificationsRequest{NotificationIds: []int64{of}}))
	if got := again.GetNotifications(); len(got) != 1 || got[0].GetEventId() != id {
		t.Errorf("asked for by its id it is %v", got)
	}
	block(t, ada, cem)
	again = must[*notificationv1.BatchGetNotificationsResponse](t)(cem.Notifications.BatchGetNotifications(t.Context(),
		&notificationv1.BatchGetNotificationsRequest{NotificationIds: []int64{of}}))
	if got := again.GetNotifications(); len(got) != 0 {
		t.Errorf("across a block it is %v", got)
	}
}

// Who comes is reminded a day and an hour before, once each however many processes there are, the host who comes too; not of
// what was cancelled, and of what was put off at its new time.
func TestReminders(t *testing.T) {
	t.Parallel()
	clock := new(movableClock)
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now))
	ada, bob, cem := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cem")
	begins := clock.now().Truncate(time.Minute).Add(25 * time.Hour)
	announce := func(title string) int64 {
		return create(t, ada, &eventv1.EventDraft{Title: title, Schedule: at(t, begins)}).GetId()
	}
	tea, put, gone := announce("tea"), announce("put off"), announce("gone")
	for _, id := range []int64{tea, put, gone} {
		respond(t, bob, id, maybe, maybe)
		respond(t, ada, id, yes, yes)
		respond(t, cem, id, no, no)
	}
	cancel(t, ada, gone)
	update(t, ada, put, &eventv1.EventDraft{Schedule: at(t, begins.Add(48*time.Hour))}, "schedule")
	p.Settle(t)
	if c := p.Config(t); !c.Store.Embedded() { // An embedded database belongs to one process.
		for range 2 {
			pulsetest.Start(t, pulsetest.WithClock(clock.now), pulsetest.WithEnv("PULSE_DATABASE_URL", c.Store.DatabaseURL),
				pulsetest.WithEnv("PULSE_REDIS_URL", c.KV.URL), pulsetest.WithEnv("PULSE_NATS_URL", c.Bus.URL))
		}
	}
	clock.advance(time.Hour + time.Minute)
	reminded := func(who *pulsetest.User, id int64) int {
		for _, n := range must[*notificationv1.ListNotificationsResponse](t)(who.Notifications.ListNotifications(t.Context(),
			&notificationv1.ListNotificationsRequest{Kinds: []notificationv1.NotificationKind{toldReminder}})).GetNotifications() {
			if n.GetEventId() == id {
				return int(n.GetCauseCount())
			}
		}
		return 0
	}
	until := func(what string, id int64, want int) {
		t.Helper()
		ada.Client, bob.Client, cem.Client = signIn(t, p, ada), signIn(t, p, bob), signIn(t, p, cem)
		testwait.Until(t, what, func() bool { return reminded(bob, id) == want && reminded(ada, id) == want })
		p.Settle(t)
		if reminded(bob, id) != want || reminded(cem, id) != 0 || reminded(bob, gone) != 0 {
			t.Errorf("%s: reminders are %d, %d for who does not come, %d of what was cancelled", what, reminded(bob, id), reminded(cem, id), reminded(bob, gone))
		}
	}
	until("a day before", tea, 1)
	if got := reminded(bob, put); got != 0 {
		t.Errorf("%d reminders of what was put off", got)
	}
	clock.advance(23 * time.Hour)
	until("an hour before", tea, 2)
	clock.advance(48*time.Hour + time.Minute) // Both are due: the nearer one is told.
	until("what was put off", put, 1)
}
