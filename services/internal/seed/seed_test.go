package seed_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect/v2/connectinprocess"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/edgelist"
	"github.com/pulse-social/pulse/services/internal/seed"
	"github.com/pulse-social/pulse/services/pulsetest"
)

const password = "pulse seed password"

func parse(t *testing.T, text string) edgelist.List {
	t.Helper()
	list, err := edgelist.Read(strings.NewReader(text), "test")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func options(p *pulsetest.Pulse, plan seed.Plan) seed.Options {
	return seed.Options{Addr: p.URL(), Plan: plan, Password: password, Concurrency: 4}
}

// state is what a Pulse holds of people: whom they follow, who follows them, and their posts, oldest first.
type state struct {
	Following, Followers map[string][]string
	Posts                map[string][]string
}

func read(t *testing.T, p *pulsetest.Pulse, handles ...string) state {
	t.Helper()
	c := p.Client(t)
	s := state{map[string][]string{}, map[string][]string{}, map[string][]string{}}
	for _, handle := range handles {
		answer, err := c.Users.GetUser(t.Context(), &userv1.GetUserRequest{User: &userv1.GetUserRequest_Handle{Handle: handle}})
		if err != nil {
			t.Fatalf("get %s: %v", handle, err)
		}
		id := answer.GetUser().GetId()
		s.Following[handle], s.Followers[handle], s.Posts[handle] = []string{}, []string{}, []string{}
		for one, err := range c.AllFollowing(t.Context(), &graphv1.ListFollowingRequest{UserId: id}) {
			if err != nil {
				t.Fatal(err)
			}
			s.Following[handle] = append(s.Following[handle], one.GetUser().GetHandle())
		}
		for one, err := range c.AllFollowers(t.Context(), &graphv1.ListFollowersRequest{UserId: id}) {
			if err != nil {
				t.Fatal(err)
			}
			s.Followers[handle] = append(s.Followers[handle], one.GetUser().GetHandle())
		}
		for post, err := range c.AllUserTimelinePosts(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: id}) {
			if err != nil {
				t.Fatal(err)
			}
			s.Posts[handle] = append(s.Posts[handle], post.GetText())
		}
		slices.Sort(s.Following[handle])
		slices.Sort(s.Followers[handle])
		slices.Reverse(s.Posts[handle])
	}
	return s
}

// texts are the posts of a plan by handle, oldest first.
func texts(plan seed.Plan) map[string][]string {
	all := map[string][]string{}
	for _, post := range plan.Posts {
		handle := plan.People[post.Author].Handle
		all[handle] = append(all[handle], post.Text)
	}
	return all
}

func TestGraph(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	plan := seed.Graph(parse(t, "3 1\n1 2\n1 3"), false, 3)
	result, err := seed.Run(t.Context(), options(p, plan))
	if err != nil {
		t.Fatal(err)
	}
	if result.People != 3 || result.Follows != 4 || result.Posts != 9 {
		t.Errorf("added %+v, want 3 people, 4 follows, 9 posts", result)
	}
	want := state{
		Following: map[string][]string{"u1": {"u2", "u3"}, "u2": {"u1"}, "u3": {"u1"}},
		Followers: map[string][]string{"u1": {"u2", "u3"}, "u2": {"u1"}, "u3": {"u1"}},
		Posts:     texts(plan),
	}
	if got := read(t, p, "u1", "u2", "u3"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	checkRounds(t, p)
	p.Settle(t)
}

// checkRounds wants the first post of everybody before the second of anybody.
func checkRounds(t *testing.T, p *pulsetest.Pulse) {
	t.Helper()
	c := p.User(t, "reader")
	for _, handle := range []string{"u1", "u2", "u3"} {
		answer, err := c.Users.GetUser(t.Context(), &userv1.GetUserRequest{User: &userv1.GetUserRequest_Handle{Handle: handle}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: answer.GetUser().GetId()}); err != nil {
			t.Fatal(err)
		}
	}
	home, err := c.Timelines.GetHomeTimeline(t.Context(), &timelinev1.GetHomeTimelineRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for i, post := range home.GetPosts() {
		if note := fmt.Sprintf("note %d:", 3-i/3); !strings.Contains(post.GetText(), note) {
			t.Errorf("post %d from the top is %q, want %s", i, post.GetText(), note)
		}
	}
}

func TestGraphDirected(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	plan := seed.Graph(parse(t, "3 1\n1 2"), true, 0)
	if _, err := seed.Run(t.Context(), options(p, plan)); err != nil {
		t.Fatal(err)
	}
	want := state{
		Following: map[string][]string{"u1": {"u2"}, "u2": {}, "u3": {"u1"}},
		Followers: map[string][]string{"u1": {"u3"}, "u2": {"u1"}, "u3": {}},
		Posts:     map[string][]string{"u1": {}, "u2": {}, "u3": {}},
	}
	if got := read(t, p, "u1", "u2", "u3"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.InProcess())
	question := &seed.Post{Author: 0, Text: "why?"}
	answer := &seed.Post{Author: 1, Text: "because", ReplyTo: question}
	plan := seed.Plan{
		People: []seed.Person{
			{Handle: "ada", Email: "ada@example.org", Profile: &userv1.Profile{DisplayName: "Ada", Bio: "asks"}},
			{Handle: "bea", Email: "bea@example.org", Profile: &userv1.Profile{DisplayName: "bea"}},
		},
		Posts: []*seed.Post{question, answer, {Author: 0, Text: "ah", ReplyTo: answer}},
		Likes: []seed.Like{{Person: 1, Post: question}, {Person: 0, Post: answer}},
	}
	o := options(p, plan)
	o.Client = []pulse.Option{pulse.WithTransport(connectinprocess.New(p.App.Server()))}
	for range 2 { // The second run changes nothing.
		if _, err := seed.Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	p.Settle(t)

	c := p.Client(t)
	ada, err := c.Users.GetUser(t.Context(), &userv1.GetUserRequest{User: &userv1.GetUserRequest_Handle{Handle: "ada"}})
	if err != nil {
		t.Fatal(err)
	}
	if u := ada.GetUser(); u.GetDisplayName() != "Ada" || u.GetBio() != "asks" || u.GetCounts().GetPosts() != 2 {
		t.Errorf("ada is %v", u)
	}
	own, err := c.Timelines.GetUserTimeline(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: ada.GetUser().GetId()})
	if err != nil {
		t.Fatal(err)
	}
	thread, err := c.Posts.GetThread(t.Context(), &postv1.GetThreadRequest{PostId: own.GetPosts()[0].GetId()})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, post := range append(thread.GetAncestors(), thread.GetPost()) {
		got = append(got, fmt.Sprintf("%s: %s (%d)", post.GetAuthor().GetHandle(), post.GetText(), post.GetCounts().GetLikes()))
	}
	if want := []string{"ada: why? (1)", "bea: because (1)", "ada: ah (0)"}; !slices.Equal(got, want) {
		t.Errorf("thread is %q, want %q", got, want)
	}
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	plan := seed.Graph(parse(t, "1 2"), false, 1)
	const nothing = "http://127.0.0.1:1"
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	for name, c := range map[string]struct{ addr, want string }{
		"no listener":     {nothing, "nothing listens at " + nothing + ": start `pulse serve`, or name another address with --addr"},
		"something else":  {other.URL, "no Pulse answers at " + other.URL + ": start `pulse serve`, or name another address with --addr: "},
		"no such address": {"127.0.0.1:8080", "give scheme and host"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := seed.Run(t.Context(), seed.Options{Addr: c.addr, Plan: plan, Password: password, Concurrency: 1})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestAddressTaken(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	plan := seed.Plan{People: []seed.Person{{Handle: "ada2", Email: "ada@example.org"}}}
	p.User(t, "ada")
	if _, err := seed.Run(t.Context(), options(p, plan)); err == nil || !strings.HasPrefix(err.Error(), "register ada2: already_exists") {
		t.Errorf("got %v", err)
	}
}
