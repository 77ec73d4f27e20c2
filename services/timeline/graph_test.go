package timeline_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/edgelist"
	"github.com/pulse-social/pulse/services/internal/seed"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// TestHomeTimelinesOfAGraph loads a social graph through the API and compares everybody's home timeline, all pages, with
// one computed from the edge list: with lists that were fanned out to, with lists that were rebuilt, without lists, and
// with all authors merged on read. PULSE_TEST_GRAPH names an edge list; without it the graph is a small drawn one.
// PULSE_TEST_TOPOLOGY=split runs it on many processes.
func TestHomeTimelinesOfAGraph(t *testing.T) {
	t.Parallel()
	list := graph(t)
	p := startStack(t, "PULSE_TIMELINE_MERGE_FOLLOWERS", "1000000")
	load(t, p, list, 0)
	g := &graphTest{stack: p, list: list, users: logInAll(t, p, list)}

	g.readOnce(t) // From now on everybody has a list, and posts are fanned out to it.
	const posts = 10
	load(t, p, list, posts)
	g.compare(t, "fanned out")

	g.restart(t, "PULSE_TIMELINE_MERGE_FOLLOWERS", "1000000")
	g.compare(t, "rebuilt")

	g.restart(t, "PULSE_TIMELINE_LENGTH", "0")
	g.compare(t, "without lists")

	p.Setenv("PULSE_TIMELINE_LENGTH", "800")
	g.restart(t, "PULSE_TIMELINE_MERGE_FOLLOWERS", "0")
	g.readOnce(t)
	load(t, p, list, posts+1)
	g.compare(t, "merged on read")
}

// graph is the edge list of the test.
func graph(t *testing.T) edgelist.List {
	t.Helper()
	name := os.Getenv("PULSE_TEST_GRAPH")
	if name == "" {
		list, err := edgelist.Read(strings.NewReader(drawn(testwait.Rounds(40), 5)), "drawn graph")
		must(t, err)
		return list
	}
	file, err := os.Open(name)
	must(t, err)
	defer func() { _ = file.Close() }()
	list, err := edgelist.Read(file, name)
	must(t, err)
	return list
}

// drawn is a graph by preferential attachment (Barabási and Albert, 1999): few have many friends, most have few.
func drawn(people, edgesEach int) string {
	random := rand.New(rand.NewPCG(1, 2))
	var lines strings.Builder
	ends := []int{0}
	for person := 1; person < people; person++ {
		friends := map[int]bool{}
		for range edgesEach {
			friends[ends[random.IntN(len(ends))]] = true
		}
		for _, friend := range slices.Sorted(maps.Keys(friends)) {
			fmt.Fprintln(&lines, person, friend)
			ends = append(ends, person, friend)
		}
	}
	return lines.String()
}

const graphPassword = "pulse seed password"

func load(t *testing.T, p stack, list edgelist.List, posts int) {
	t.Helper()
	result, err := seed.Run(t.Context(), seed.Options{
		Addr: p.URL(), Plan: seed.Graph(list, false, posts), Password: graphPassword, Concurrency: 8,
	})
	must(t, err)
	t.Logf("added %d people, %d follows, %d posts in %s", result.People, result.Follows, result.Posts, result.Took)
}

// graphTest is a Pulse that holds a graph, and a signed-in client for each person.
type graphTest struct {
	stack
	list  edgelist.List
	users []*graphUser
}

// restart starts Pulse again with a changed setting and without lists. Clients are made anew, with the tokens they had.
func (g *graphTest) restart(t *testing.T, name, value string) {
	t.Helper()
	g.Setenv(name, value)
	g.LoseCaches(t)
	for _, u := range g.users {
		u.connect(t, g.stack)
	}
}

// each calls do for everybody, some at once.
func (g *graphTest) each(do func(n int, u *graphUser)) {
	var group sync.WaitGroup
	slots := make(chan struct{}, 8)
	for n, u := range g.users {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			do(n, u)
		})
	}
	group.Wait()
}

func (g *graphTest) readOnce(t *testing.T) {
	t.Helper()
	g.each(func(_ int, u *graphUser) {
		if _, err := u.Timelines.GetHomeTimeline(t.Context(), &timelinev1.GetHomeTimelineRequest{}); err != nil {
			t.Error(err)
		}
	})
}

// compare computes every home timeline from the edge list and each author's own posts, and compares it with the one that
// is served.
func (g *graphTest) compare(t *testing.T, how string) {
	t.Helper()
	g.Settle(t)
	own := make([][]int64, len(g.users))
	g.each(func(n int, u *graphUser) {
		for post, err := range u.AllUserTimelinePosts(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: u.id, PageSize: 100}) {
			if err != nil {
				t.Error(err)
				return
			}
			own[n] = append(own[n], post.GetId())
		}
	})
	following := g.list.Following(false)
	var mu sync.Mutex
	compared, posts := 0, 0
	g.each(func(n int, u *graphUser) {
		want := slices.Clone(own[n])
		for _, friend := range following[n] {
			want = append(want, own[friend]...)
		}
		slices.SortFunc(want, func(a, b int64) int { return int(min(max(b-a, -1), 1)) })
		var got []int64
		for post, err := range u.AllHomeTimelinePosts(t.Context(), &timelinev1.GetHomeTimelineRequest{PageSize: 100}) {
			if err != nil {
				t.Error(err)
				return
			}
			got = append(got, post.GetId())
		}
		mu.Lock()
		defer mu.Unlock()
		compared++
		posts += len(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: u%d reads %d posts, want %d; they differ", how, g.list.People[n], len(got), len(want))
		}
	})
	if posts == 0 {
		t.Errorf("%s: nobody reads anything", how)
	}
	t.Logf("%s: compared %d home timelines with %d posts", how, compared, posts)
}

// logInAll signs everybody in.
func logInAll(t *testing.T, p stack, list edgelist.List) []*graphUser {
	t.Helper()
	g := &graphTest{users: make([]*graphUser, len(list.People))}
	for n := range g.users {
		g.users[n] = &graphUser{tokens: &pulsetest.Tokens{}}
		g.users[n].connect(t, p)
	}
	g.each(func(n int, u *graphUser) {
		handle := fmt.Sprintf("u%d", list.People[n])
		if _, err := u.LogIn(t.Context(), &identityv1.LogInRequest{Login: handle, Password: graphPassword}); err != nil {
			t.Error(err)
			return
		}
		answer, err := u.Users.GetUser(t.Context(), &userv1.GetUserRequest{User: &userv1.GetUserRequest_Handle{Handle: handle}})
		if err != nil {
			t.Error(err)
			return
		}
		u.id = answer.GetUser().GetId()
	})
	return g.users
}
