package event_test

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// discover answers the titles of all that somebody finds.
func discover(t *testing.T, who *pulse.Client, req *eventv1.DiscoverEventsRequest) []string {
	t.Helper()
	titles := []string{}
	req.PageSize = 2
	for e, err := range who.AllDiscoverEventsEvents(t.Context(), req) {
		if err != nil {
			t.Fatal(err)
		}
		titles = append(titles, e.GetTitle())
	}
	return titles
}

// Meetups are found by when and where they are, by what is said of them, and by who comes.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, cem := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "cem")
	on := func(title string, start time.Time, place *eventv1.Place) *eventv1.EventDraft {
		return &eventv1.EventDraft{Title: title, Schedule: at(t, start), Place: place}
	}
	point := func(latitude, longitude float64) *eventv1.Coordinates {
		return &eventv1.Coordinates{Latitude: latitude, Longitude: longitude}
	}
	day := 24 * time.Hour
	hall := create(t, ada, on("Tea", summer(), &eventv1.Place{Name: "Café Übersee", Address: "Paul-Lincke-Ufer, Berlin", Coordinates: point(52.4966, 13.4208)})).GetId()
	create(t, ada, on("Chess & tea 100%", summer().Add(2*day), &eventv1.Place{Name: "Potsdam", Coordinates: point(52.3906, 13.0645)}))
	create(t, ada, on("Fiji", summer().Add(day), &eventv1.Place{Name: "Taveuni", Coordinates: point(-16.8, 179.99)}))
	gone := create(t, ada, on("Tea, cancelled", summer(), nil)).GetId()
	cancel(t, ada, gone)
	secret := on("Secret tea", summer(), nil)
	secret.Visibility = eventv1.Visibility_VISIBILITY_FOLLOWERS
	create(t, bob, secret)
	for what, test := range map[string]struct {
		req  *eventv1.DiscoverEventsRequest
		want []string
	}{
		"all":                  {&eventv1.DiscoverEventsRequest{}, []string{"Tea", "Fiji", "Chess & tea 100%"}},
		"a word":               {&eventv1.DiscoverEventsRequest{Text: "TEA"}, []string{"Tea", "Chess & tea 100%"}},
		"two words":            {&eventv1.DiscoverEventsRequest{Text: "tea ubersee"}, []string{"Tea"}},
		"no wildcard":          {&eventv1.DiscoverEventsRequest{Text: "0%"}, []string{"Chess & tea 100%"}},
		"nor that":             {&eventv1.DiscoverEventsRequest{Text: "t_a"}, []string{}},
		"a place":              {&eventv1.DiscoverEventsRequest{Place: "lincke berlin"}, []string{"Tea"}},
		"no title as a place":  {&eventv1.DiscoverEventsRequest{Place: "tea"}, []string{}},
		"near":                 {&eventv1.DiscoverEventsRequest{Near: &eventv1.Area{Center: point(52.5200, 13.4050), RadiusKm: 3}}, []string{"Tea"}},
		"not as near":          {&eventv1.DiscoverEventsRequest{Near: &eventv1.Area{Center: point(52.5200, 13.4050), RadiusKm: 2.5}}, []string{}},
		"around":               {&eventv1.DiscoverEventsRequest{Near: &eventv1.Area{Center: point(52.5200, 13.4050), RadiusKm: 30}}, []string{"Tea", "Chess & tea 100%"}},
		"across the date line": {&eventv1.DiscoverEventsRequest{Near: &eventv1.Area{Center: point(-16.8, -179.99), RadiusKm: 3}}, []string{"Fiji"}},
		"later":                {&eventv1.DiscoverEventsRequest{StartTime: timestamppb.New(summer().Add(time.Hour))}, []string{"Fiji", "Chess & tea 100%"}},
		"a day": {&eventv1.DiscoverEventsRequest{
			StartTime: timestamppb.New(summer().Add(time.Hour)), EndTime: timestamppb.New(summer().Add(2 * day)),
		}, []string{"Fiji"}},
	} {
		if got := discover(t, cem.Client, test.req); !slices.Equal(got, test.want) {
			t.Errorf("%s: found %q, want %q", what, got, test.want)
		}
	}
	following := func(who *pulse.Client) []string {
		return discover(t, who, &eventv1.DiscoverEventsRequest{FollowedGoingOnly: true})
	}
	respond(t, bob, hall, maybe, maybe)
	follow(t, cem, bob)
	if got := following(cem.Client); len(got) != 0 {
		t.Errorf("%v, but bob may not come", got)
	}
	respond(t, bob, hall, yes, yes)
	if got := following(cem.Client); !slices.Equal(got, []string{"Tea"}) {
		t.Errorf("%v, and bob comes to tea", got)
	}
	if got := following(p.Client(t)); len(got) != 0 {
		t.Errorf("nobody follows those who come to %v", got)
	}
	if got := discover(t, cem.Client, &eventv1.DiscoverEventsRequest{}); !slices.Contains(got, "Secret tea") {
		t.Errorf("a follower finds %v", got)
	}
	must[*graphv1.MuteUserResponse](t)(cem.Graph.MuteUser(t.Context(), &graphv1.MuteUserRequest{UserId: ada.ID}))
	if got := discover(t, cem.Client, &eventv1.DiscoverEventsRequest{}); !slices.Equal(got, []string{"Secret tea"}) {
		t.Errorf("who mutes ada finds %v", got)
	}
	_, err := cem.Events.DiscoverEvents(t.Context(), &eventv1.DiscoverEventsRequest{EndTime: timestamppb.New(time.Now().Add(-time.Hour))})
	wantReason(t, "a range that ends before it begins", err, errorsv1.Reason_REASON_EVENT_RANGE_INVALID)
}

// One's own meetups are those that one hosts, answered to or was invited to.
func TestOnesOwnMeetups(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	announce := func(host *pulsetest.User, title string, days int) int64 {
		return create(t, host, &eventv1.EventDraft{Title: title, Schedule: at(t, summer().AddDate(0, 0, days))}).GetId()
	}
	third, first, second := announce(bob, "third", 3), announce(ada, "first", 1), announce(ada, "second", 2)
	helped, refused, none := announce(ada, "helped", 4), announce(ada, "refused", 5), announce(ada, "none", 6)
	respond(t, bob, first, maybe, maybe)
	invite(t, ada, second, bob)
	invite(t, ada, first, bob)
	invite(t, ada, refused, bob)
	respond(t, bob, refused, no, no)
	addCoHost(t, ada, helped, bob)
	for relation, want := range map[eventv1.EventRelation][]int64{
		eventv1.EventRelation_EVENT_RELATION_UNSPECIFIED: {first, second, third, helped},
		eventv1.EventRelation_EVENT_RELATION_HOSTING:     {third, helped},
		eventv1.EventRelation_EVENT_RELATION_ANSWERED:    {first},
		eventv1.EventRelation_EVENT_RELATION_INVITED:     {second},
	} {
		got := []int64{}
		for e, err := range bob.AllEvents(t.Context(), &eventv1.ListEventsRequest{Relation: relation, PageSize: 1}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e.GetId())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: %v, want %v (not %d)", relation, got, want, none)
		}
	}
}

// Search finds meetups by how words of them begin, for those who may see them, as they are now.
func TestSearchFindsMeetups(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	said := draft(t, "Quilting bee", 0)
	said.Place = &eventv1.Place{Name: "Gemeindehaus"}
	quilts := create(t, ada, said).GetId()
	hidden := restricted(t, ada, "Quiet quilting", eventv1.Visibility_VISIBILITY_INVITED)
	finds := func(what string, who *pulsetest.User, query string, want ...int64) {
		t.Helper()
		p.Settle(t)
		answer := must[*searchv1.SearchEventsResponse](t)(who.Search.SearchEvents(t.Context(), &searchv1.SearchEventsRequest{Query: query}))
		if got := ids(answer.GetEvents()); !slices.Equal(got, append([]int64{}, want...)) {
			t.Errorf("%s: %q finds %v, want %v", what, query, got, want)
		}
	}
	finds("the host", ada, "quilt", hidden, quilts)
	finds("others", bob, "quilt", quilts)
	finds("a place", bob, "gemeinde bee", quilts)
	finds("not there", bob, "quilts")
	update(t, ada, quilts, &eventv1.EventDraft{Title: "Knitting"}, "title")
	finds("as it was", bob, "quilt")
	finds("as it is", bob, "knit", quilts)
	must[*graphv1.MuteUserResponse](t)(bob.Graph.MuteUser(t.Context(), &graphv1.MuteUserRequest{UserId: ada.ID}))
	finds("who mutes ada", bob, "knit")
	must[*graphv1.UnmuteUserResponse](t)(bob.Graph.UnmuteUser(t.Context(), &graphv1.UnmuteUserRequest{UserId: ada.ID}))
	finds("and no more", bob, "knit", quilts)
	block(t, ada, bob)
	finds("across a block", bob, "knit")
}
