package event_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	ics "github.com/arran4/golang-ical"

	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// page is what a server answered.
type page struct {
	status int
	header http.Header
	body   string
}

// fetch reads a path without signing in.
func fetch(t *testing.T, p *pulsetest.Pulse, path string, header ...string) page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return page{answer.StatusCode, answer.Header, string(body)}
}

// parse reads a calendar, by the rules of RFC 5545 about its lines too, and answers its events by their title.
func parse(t *testing.T, body string) map[string]*ics.VEvent {
	t.Helper()
	for line := range strings.SplitSeq(strings.TrimSuffix(body, "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") || !validUTF8(line) {
			t.Errorf("line of %d bytes, or with a bare line break, or cut in a character: %q", len(line), line)
		}
	}
	calendar, err := ics.ParseCalendar(strings.NewReader(body))
	if err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	events := map[string]*ics.VEvent{}
	for _, e := range calendar.Events() {
		events[value(e, ics.ComponentPropertySummary)] = e
	}
	return events
}

func validUTF8(s string) bool { return strings.ToValidUTF8(s, "") == s }

// value is what a property of an event says, with its parameters before it.
func value(e *ics.VEvent, property ics.ComponentProperty) string {
	p := e.GetProperty(property)
	if p == nil {
		return ""
	}
	if kind := p.ICalParameters["VALUE"]; len(kind) > 0 {
		return kind[0] + ":" + p.Value
	}
	return p.Value
}

// wantProperties fails unless an event has these properties.
func wantProperties(t *testing.T, e *ics.VEvent, want map[ics.ComponentProperty]string) {
	t.Helper()
	if e == nil {
		t.Fatal("the calendar lacks the meetup")
	}
	for property, says := range want {
		if got := value(e, property); got != says {
			t.Errorf("%s is %q, want %q", property, got, says)
		}
	}
}

// A meetup that everyone sees is there as iCalendar, and grows with its changes.
func TestAMeetupAsICalendar(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	long := strings.Repeat("Grüße, Äpfel; und \\ mehr 🍎\n", 12)
	e := create(t, ada, &eventv1.EventDraft{
		Title: "Tea, cake; \"more\"", Description: long + "\r\nEND:VEVENT\r\n\x00", OnlineUrl: "https://example.org/a,b;c",
		Schedule: &eventv1.Schedule{TimeZone: berlin, Start: "2031-03-30T01:30", End: "2031-03-30T03:30"},
		Place:    &eventv1.Place{Name: "Park", Address: "1 Green Lane", Coordinates: &eventv1.Coordinates{Latitude: -52.5, Longitude: 13.4}},
	})
	path := "/v1/events/" + id.String(e.GetId()) + "/calendar.ics"
	first := fetch(t, p, path)
	if first.status != http.StatusOK || first.header.Get("Content-Type") != "text/calendar; charset=utf-8" ||
		first.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Fatalf("answered %v", first)
	}
	events := parse(t, first.body)
	wantProperties(t, events["Tea, cake; \"more\""], map[ics.ComponentProperty]string{
		ics.ComponentPropertyUniqueId: "event-" + id.String(e.GetId()) + "@pulse", ics.ComponentPropertySequence: "0",
		ics.ComponentPropertyDtStart: "20310330T003000Z", ics.ComponentPropertyDtEnd: "20310330T013000Z",
		ics.ComponentPropertyLocation: "Park, 1 Green Lane", ics.ComponentPropertyGeo: "-52.500000;13.400000",
		ics.ComponentPropertyUrl: "https://example.org/a,b;c", ics.ComponentPropertyStatus: "CONFIRMED",
		ics.ComponentPropertyDescription: long + "\nEND:VEVENT\n",
	})
	if len(events) != 1 || strings.Count(first.body, "\r\nEND:VEVENT") != 1 {
		t.Errorf("a text ended the event in %q", first.body)
	}
	if same := fetch(t, p, path, "If-None-Match", first.header.Get("Etag")); same.status != http.StatusNotModified {
		t.Errorf("what the caller has is answered by %d", same.status)
	}
	update(t, ada, e.GetId(), &eventv1.EventDraft{
		Title: "Days", Schedule: &eventv1.Schedule{TimeZone: berlin, AllDay: true, Start: "2031-03-29", End: "2031-03-30"},
	}, "schedule", "title")
	cancel(t, ada, e.GetId())
	wantProperties(t, parse(t, fetch(t, p, path).body)["Days"], map[ics.ComponentProperty]string{
		ics.ComponentPropertyUniqueId: "event-" + id.String(e.GetId()) + "@pulse", ics.ComponentPropertySequence: "2",
		ics.ComponentPropertyDtStart: "DATE:20310329", ics.ComponentPropertyDtEnd: "DATE:20310331", ics.ComponentPropertyStatus: "CANCELLED",
	})
	hidden := restricted(t, ada, "hidden", eventv1.Visibility_VISIBILITY_FOLLOWERS)
	nothing := fetch(t, p, "/v1/events/7/calendar.ics")
	for _, path := range []string{"/v1/events/" + id.String(hidden) + "/calendar.ics", "/v1/events/x/calendar.ics"} {
		if got := fetch(t, p, path); got.status != http.StatusNotFound || got.body != nothing.body || nothing.status != got.status {
			t.Errorf("%s: %v, want what is answered for nothing: %v", path, got, nothing)
		}
	}
}

// A private calendar has what its owner hosts and answered to, for whoever knows its address, until that is another.
func TestPrivateCalendar(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	reset := func() string {
		return must[*eventv1.ResetCalendarFeedResponse](t)(ada.Events.ResetCalendarFeed(t.Context(), &eventv1.ResetCalendarFeedRequest{})).GetPath()
	}
	since := func() bool {
		return must[*eventv1.GetCalendarFeedResponse](t)(ada.Events.GetCalendarFeed(t.Context(), &eventv1.GetCalendarFeedRequest{})).GetCreateTime() != nil
	}
	create(t, ada, draft(t, "mine", 0))
	follow(t, ada, bob)
	closed := restricted(t, bob, "of followers", eventv1.Visibility_VISIBILITY_FOLLOWERS)
	refused, other := create(t, bob, draft(t, "refused", 0)).GetId(), create(t, bob, draft(t, "other", 0)).GetId()
	respond(t, ada, closed, maybe, maybe)
	respond(t, ada, refused, no, no)
	if since() {
		t.Error("there is a calendar before there is")
	}
	path := reset()
	if !since() || !strings.HasPrefix(path, "/calendar/") || len(path) != len("/calendar/.ics")+43 {
		t.Errorf("the address is %s", path)
	}
	titles := func(path string) []string {
		answer := fetch(t, p, path)
		if answer.status != http.StatusOK {
			return []string{http.StatusText(answer.status)}
		}
		if got := answer.header.Get("Cache-Control"); got != "private, no-cache" {
			t.Errorf("caches may keep it: %s", got)
		}
		events, found := parse(t, answer.body), []string{}
		for title, e := range events {
			found = append(found, title+" "+value(e, ics.ComponentPropertyStatus))
		}
		slices.Sort(found)
		return found
	}
	if got := titles(path); !slices.Equal(got, []string{"mine CONFIRMED", "of followers TENTATIVE"}) {
		t.Errorf("the calendar has %q, and is not to have %d", got, other)
	}
	block(t, bob, ada)
	if got := titles(path); !slices.Equal(got, []string{"mine CONFIRMED"}) {
		t.Errorf("across a block the calendar has %q", got)
	}
	gone := []string{"Not Found"}
	next := reset()
	if got := titles(path); !slices.Equal(got, gone) || next == path {
		t.Errorf("the address before answers %q", got)
	}
	for _, wrong := range []string{"/calendar/x.ics", "/calendar/" + strings.Repeat("A", 43) + ".ics", strings.TrimSuffix(next, ".ics"), "/calendar/.ics"} {
		if got := titles(wrong); !slices.Equal(got, gone) {
			t.Errorf("%s answers %q", wrong, got)
		}
	}
	if strings.Contains(p.Log(), strings.TrimPrefix(next, "/calendar/")) {
		t.Error("the log has the address")
	}
	p.Suspend(t, "ada")
	if got := titles(next); !slices.Equal(got, gone) {
		t.Errorf("a suspended account's answers %q", got)
	}
	must[*eventv1.DeleteCalendarFeedResponse](t)(bob.Events.DeleteCalendarFeed(t.Context(), &eventv1.DeleteCalendarFeedRequest{}))
}
