package event_test

import (
	"context"
	"testing"

	"github.com/pulse-social/pulse/ent/calendarfeed"
	entevent "github.com/pulse-social/pulse/ent/event"
	"github.com/pulse-social/pulse/ent/eventanswer"
	"github.com/pulse-social/pulse/ent/eventcohost"
	"github.com/pulse-social/pulse/ent/eventinvite"
	"github.com/pulse-social/pulse/ent/eventreminder"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// database is the database of a Pulse.
func database(t *testing.T, p *pulsetest.Pulse) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), p.Config(t).Store, store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Nothing of a person is left when their account is deleted; a seat of theirs goes to who waits.
func TestADeletedAccountLeavesNothing(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, cem := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cem")
	theirs := create(t, ada, draft(t, "theirs", 0)).GetId()
	invite(t, ada, theirs, bob)
	addCoHost(t, ada, theirs, cem)
	respond(t, bob, theirs, yes, yes)
	others := create(t, bob, draft(t, "others'", 1)).GetId()
	addCoHost(t, bob, others, ada)
	invite(t, ada, others, cem)
	invite(t, bob, others, ada)
	helped := create(t, bob, draft(t, "helped", 0)).GetId()
	addCoHost(t, bob, helped, ada)
	invite(t, ada, helped, cem)
	must[*eventv1.RemoveCoHostResponse](t)(ada.Events.RemoveCoHost(t.Context(), &eventv1.RemoveCoHostRequest{EventId: helped, UserId: ada.ID}))
	respond(t, ada, others, yes, yes)
	respond(t, cem, others, yes, waiting)
	must[*eventv1.ResetCalendarFeedResponse](t)(ada.Events.ResetCalendarFeed(t.Context(), &eventv1.ResetCalendarFeedRequest{}))
	p.Settle(t)
	s := database(t, p)
	err := s.For("identity").Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.Account.UpdateOneID(ada.ID).SetState(3).Exec(t.Context()); err != nil {
			return err
		}
		return tx.Emit(&busv1.AccountDeleted{UserId: ada.ID})
	})
	if err != nil {
		t.Fatal(err)
	}
	db := s.For("event")
	left := func() (n int) {
		for what, count := range map[string]func(context.Context) (int, error){
			"meetups": db.Event.Query().Where(entevent.HostID(ada.ID)).Count,
			"answers": db.EventAnswer.Query().Where(eventanswer.Or(eventanswer.UserID(ada.ID), eventanswer.EventID(theirs))).Count,
			"invitations": db.EventInvite.Query().Where(eventinvite.Or(
				eventinvite.UserID(ada.ID), eventinvite.InviterID(ada.ID), eventinvite.EventID(theirs))).Count,
			"co-hosts":  db.EventCoHost.Query().Where(eventcohost.Or(eventcohost.UserID(ada.ID), eventcohost.EventID(theirs))).Count,
			"reminders": db.EventReminder.Query().Where(eventreminder.EventID(theirs)).Count,
			"calendars": db.CalendarFeed.Query().Where(calendarfeed.ID(ada.ID)).Count,
		} {
			rows, err := count(t.Context())
			if err != nil {
				t.Fatalf("count %s: %v", what, err)
			}
			n += rows
		}
		return n
	}
	testwait.Until(t, "all is erased", func() bool { return left() == 0 })
	p.Settle(t)
	if e := get(t, bob, others); e.GetCounts().GetYes() != 1 || len(e.GetCoHosts()) != 0 {
		t.Errorf("left is %v", e)
	}
	if got := get(t, cem, others).GetViewer(); got.GetAnswer() != yes || !got.GetInvited() {
		t.Errorf("cem has %v, want the seat and the invitation", got)
	}
	wantReason(t, "theirs", tryGet(t, bob.Client, theirs), errorsv1.Reason_REASON_EVENT_NOT_FOUND)
}
