package event_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// What a host says of a meetup is what others read.
func TestAMeetupIsAsItsHostSaid(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	said := &eventv1.EventDraft{
		Title: "  Tea in the park ", Description: "Bring a cup.", Schedule: at(t, summer()), Capacity: 12, OnlineUrl: "https://example.org/tea",
		Place: &eventv1.Place{Name: "Park", Address: "1 Green Lane", Coordinates: &eventv1.Coordinates{Latitude: 52.5, Longitude: 13.4}},
	}
	e := create(t, ada, said)
	if e.GetTitle() != "Tea in the park" || e.GetDescription() != said.GetDescription() || e.GetCapacity() != 12 || e.GetOnlineUrl() != said.GetOnlineUrl() ||
		!proto.Equal(e.GetPlace(), said.GetPlace()) || e.GetVisibility() != eventv1.Visibility_VISIBILITY_PUBLIC || e.GetHost().GetId() != ada.ID {
		t.Errorf("created %v", e)
	}
	if s := e.GetSchedule(); s.GetStart() != said.GetSchedule().GetStart() || !s.GetStartTime().AsTime().Equal(summer()) ||
		!s.GetEndTime().AsTime().Equal(summer().Add(time.Hour)) || s.GetTimeZone() != berlin {
		t.Errorf("is at %v", s)
	}
	if !e.GetViewer().GetMayEdit() || get(t, bob, e.GetId()).GetViewer().GetMayEdit() {
		t.Error("who may edit is not the host alone")
	}
	// Everyone sees it, signed in or not, and asks for many at once.
	answer := must[*eventv1.BatchGetEventsResponse](t)(p.Client(t).Events.BatchGetEvents(t.Context(), &eventv1.BatchGetEventsRequest{EventIds: []int64{7, e.GetId(), 8}}))
	if got := answer.GetEvents(); len(got) != 1 || got[0].GetTitle() != e.GetTitle() || got[0].GetViewer() != nil {
		t.Errorf("anyone sees %v", got)
	}
	if gone := update(t, ada, e.GetId(), &eventv1.EventDraft{}, "place", "online_url"); gone.GetPlace() != nil || gone.GetOnlineUrl() != "" {
		t.Errorf("the place is %v still", gone)
	}
}

// An update changes what its mask names, for who read what is there.
func TestUpdatesKeepToTheirMaskAndEtag(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	e := create(t, ada, draft(t, "tea", 3))
	changed := update(t, ada, e.GetId(), &eventv1.EventDraft{Title: "coffee", Capacity: 7, Description: "strong"}, "title", "description")
	if changed.GetTitle() != "coffee" || changed.GetCapacity() != 3 || changed.GetDescription() != "strong" || changed.GetEtag() == e.GetEtag() {
		t.Errorf("changed to %v", changed)
	}
	try := func(who *pulsetest.User, etag string, paths ...string) error {
		_, err := who.Events.UpdateEvent(t.Context(), &eventv1.UpdateEventRequest{
			EventId: e.GetId(), Etag: etag, Event: &eventv1.EventDraft{Title: "soup"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
		})
		return err
	}
	wantReason(t, "an old etag", try(ada, e.GetEtag(), "title"), errorsv1.Reason_REASON_ETAG_MISMATCH)
	wantReason(t, "no mask", try(ada, ""), errorsv1.Reason_REASON_UPDATE_MASK_INVALID)
	wantReason(t, "a count", try(ada, "", "yes_count"), errorsv1.Reason_REASON_UPDATE_MASK_INVALID)
	wantReason(t, "a star", try(ada, "", "*"), errorsv1.Reason_REASON_UPDATE_MASK_INVALID)
	wantReason(t, "a guest", try(bob, "", "title"), errorsv1.Reason_REASON_EVENT_HOST_REQUIRED)
	if err := try(ada, changed.GetEtag(), "title"); err != nil {
		t.Error(err)
	}
	if same := update(t, ada, e.GetId(), &eventv1.EventDraft{Title: "soup"}, "title"); same.GetEtag() != get(t, bob, e.GetId()).GetEtag() {
		t.Error("a change of nothing is one")
	}
}

// What was cancelled stays so, takes no answer, and is refused to nobody who sees it.
func TestCancelledMeetups(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	id := create(t, ada, draft(t, "tea", 1)).GetId()
	respond(t, bob, id, yes, yes)
	_, err := bob.Events.CancelEvent(t.Context(), &eventv1.CancelEventRequest{EventId: id})
	wantReason(t, "a guest cancels", err, errorsv1.Reason_REASON_EVENT_HOST_REQUIRED)
	if first, again := cancel(t, ada, id), cancel(t, ada, id); !first.GetCancelled() || again.GetEtag() != first.GetEtag() {
		t.Errorf("cancelled to %v, then %v", first, again)
	}
	_, err = ada.Events.RespondToEvent(t.Context(), &eventv1.RespondToEventRequest{EventId: id, Answer: yes})
	wantReason(t, "an answer", err, errorsv1.Reason_REASON_EVENT_IS_CANCELLED)
	_, err = ada.Events.InviteToEvent(t.Context(), &eventv1.InviteToEventRequest{EventId: id, UserIds: []int64{bob.ID}})
	wantReason(t, "an invitation", err, errorsv1.Reason_REASON_EVENT_IS_CANCELLED)
	_, err = ada.Events.UpdateEvent(t.Context(), &eventv1.UpdateEventRequest{
		EventId: id, Event: &eventv1.EventDraft{Title: "x"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"title"}},
	})
	wantReason(t, "a change", err, errorsv1.Reason_REASON_EVENT_IS_CANCELLED)
	withdraw(t, bob, id)
	if e := get(t, bob, id); !e.GetCancelled() || e.GetCounts().GetYes() != 0 {
		t.Errorf("left is %v", e)
	}
	p.Settle(t)
}

// What nobody could come to is refused, with what is wrong.
func TestWhatIsNoMeetupIsRefused(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	schedule := func(zone, start, end string) func(*eventv1.EventDraft) {
		return func(e *eventv1.EventDraft) {
			e.Schedule = &eventv1.Schedule{TimeZone: zone, Start: start, End: end, AllDay: len(start) == len("2030-01-01")}
		}
	}
	for what, test := range map[string]struct {
		change func(*eventv1.EventDraft)
		want   errorsv1.Reason
	}{
		"no title":         {func(e *eventv1.EventDraft) { e.Title = " \n" }, errorsv1.Reason_REASON_EVENT_TITLE_EMPTY},
		"no schedule":      {func(e *eventv1.EventDraft) { e.Schedule = nil }, errorsv1.Reason_REASON_TIME_ZONE_UNKNOWN},
		"no such zone":     {schedule("Europe/Atlantis", "2030-01-01T10:00", "2030-01-01T11:00"), errorsv1.Reason_REASON_TIME_ZONE_UNKNOWN},
		"the machine's":    {schedule("Local", "2030-01-01T10:00", "2030-01-01T11:00"), errorsv1.Reason_REASON_TIME_ZONE_UNKNOWN},
		"a path as zone":   {schedule("../../etc/passwd", "2030-01-01T10:00", "2030-01-01T11:00"), errorsv1.Reason_REASON_TIME_ZONE_UNKNOWN},
		"no such day":      {schedule(berlin, "2030-02-30T10:00", "2030-03-01T11:00"), errorsv1.Reason_REASON_EVENT_TIME_INVALID},
		"an end too early": {schedule(berlin, "2030-01-01T10:00", "2030-01-01T10:00"), errorsv1.Reason_REASON_EVENT_TIME_INVALID},
		"years":            {schedule(berlin, "2030-01-01", "2031-01-01"), errorsv1.Reason_REASON_EVENT_TIME_INVALID},
		"the past":         {schedule(berlin, "2001-01-01", "2001-01-01"), errorsv1.Reason_REASON_EVENT_TIME_INVALID},
		"a skipped time":   {schedule(berlin, "2030-03-31T02:30", "2030-03-31T05:00"), errorsv1.Reason_REASON_EVENT_TIME_INVALID},
		"an empty place":   {func(e *eventv1.EventDraft) { e.Place = &eventv1.Place{Name: " "} }, errorsv1.Reason_REASON_EVENT_PLACE_INVALID},
		"a plain link":     {func(e *eventv1.EventDraft) { e.OnlineUrl = "http://example.org" }, errorsv1.Reason_REASON_EVENT_LINK_INVALID},
		"a script":         {func(e *eventv1.EventDraft) { e.OnlineUrl = "javascript:alert(1)" }, errorsv1.Reason_REASON_EVENT_LINK_INVALID},
		"a password":       {func(e *eventv1.EventDraft) { e.OnlineUrl = "https://a:b@example.org" }, errorsv1.Reason_REASON_EVENT_LINK_INVALID},
		"many seats":       {func(e *eventv1.EventDraft) { e.Capacity = 1_000_001 }, errorsv1.Reason_REASON_INVALID_REQUEST},
		"beyond the pole": {func(e *eventv1.EventDraft) {
			e.Place = &eventv1.Place{Coordinates: &eventv1.Coordinates{Latitude: 91}}
		}, errorsv1.Reason_REASON_INVALID_REQUEST},
		"a long title": {func(e *eventv1.EventDraft) { e.Title = strings.Repeat("x", 201) }, errorsv1.Reason_REASON_INVALID_REQUEST},
	} {
		said := draft(t, "tea", 0)
		test.change(said)
		_, err := ada.Events.CreateEvent(t.Context(), &eventv1.CreateEventRequest{Event: said})
		wantReason(t, what, err, test.want)
	}
}

// What the wall clock shows says when it is, on the days too on which clocks are put forward and back.
func TestSchedulesFollowTheWallClock(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	for _, test := range []struct{ zone, start, end, from, to string }{
		{berlin, "2030-03-31T01:30", "2030-03-31T03:30", "2030-03-31T00:30:00Z", "2030-03-31T01:30:00Z"}, // The hour between is skipped.
		{berlin, "2030-10-27T02:30", "2030-10-27T03:30", "2030-10-27T00:30:00Z", "2030-10-27T02:30:00Z"}, // It comes twice; the first counts.
		{"America/New_York", "2030-07-04T19:00", "2030-07-04T23:00", "2030-07-04T23:00:00Z", "2030-07-05T03:00:00Z"},
		{"Asia/Kathmandu", "2030-01-01T00:00", "2030-01-01T01:00", "2029-12-31T18:15:00Z", "2029-12-31T19:15:00Z"},
		{"Pacific/Kiritimati", "2030-01-01", "2030-01-01", "2029-12-31T10:00:00Z", "2030-01-01T10:00:00Z"},
		{berlin, "2030-03-31", "2030-03-31", "2030-03-30T23:00:00Z", "2030-03-31T22:00:00Z"},         // A day of 23 hours.
		{berlin, "2030-10-26", "2030-10-27", "2030-10-25T22:00:00Z", "2030-10-27T23:00:00Z"},         // One of 25 after another.
		{"Africa/Cairo", "2030-04-26", "2030-04-26", "2030-04-25T22:00:00Z", "2030-04-26T21:00:00Z"}, // Without a midnight.
	} {
		said := draft(t, "tea", 0)
		said.Schedule = &eventv1.Schedule{TimeZone: test.zone, Start: test.start, End: test.end, AllDay: len(test.start) == len("2030-01-01")}
		got := create(t, ada, said).GetSchedule()
		if from, to := got.GetStartTime().AsTime().Format(time.RFC3339), got.GetEndTime().AsTime().Format(time.RFC3339); from != test.from || to != test.to {
			t.Errorf("%s to %s in %s is %s to %s, want %s to %s", test.start, test.end, test.zone, from, to, test.from, test.to)
		}
	}
}

// What is over takes no answer, and an answer is taken back.
func TestMeetupsThatAreOver(t *testing.T) {
	t.Parallel()
	clock := new(movableClock)
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now))
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	said := draft(t, "tea", 1)
	said.Schedule = at(t, clock.now().Add(10*time.Minute))
	id := create(t, ada, said).GetId()
	respond(t, ada, id, yes, yes)
	respond(t, bob, id, yes, waiting)
	clock.advance(2 * time.Hour)
	ada.Client, bob.Client = signIn(t, p, ada), signIn(t, p, bob)
	_, err := bob.Events.RespondToEvent(t.Context(), &eventv1.RespondToEventRequest{EventId: id, Answer: maybe})
	wantReason(t, "an answer", err, errorsv1.Reason_REASON_EVENT_IS_OVER)
	withdraw(t, ada, id)
	listed := func(past bool) []int64 {
		return ids(must[*eventv1.ListEventsResponse](t)(bob.Events.ListEvents(t.Context(), &eventv1.ListEventsRequest{Past: past})).GetEvents())
	}
	if past, coming := listed(true), listed(false); len(past) != 1 || len(coming) != 0 {
		t.Errorf("past are %v, to come %v", past, coming)
	}
	p.Settle(t)
}
