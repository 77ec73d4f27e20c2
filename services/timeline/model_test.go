package timeline_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testbackend"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// ways are the settings under which a home timeline comes from each of its sources. All must give the same timelines.
var ways = map[string][]pulsetest.Option{
	"fan-out":         {pulsetest.WithEnv("PULSE_TIMELINE_MERGE_FOLLOWERS", "1000000")},
	"merge on read":   {pulsetest.WithEnv("PULSE_TIMELINE_MERGE_FOLLOWERS", "0")},
	"both":            {pulsetest.WithEnv("PULSE_TIMELINE_MERGE_FOLLOWERS", "3")},
	"SQL":             {pulsetest.WithEnv("PULSE_TIMELINE_LENGTH", "0")},
	"lists and SQL":   {pulsetest.WithEnv("PULSE_TIMELINE_LENGTH", "6"), pulsetest.WithEnv("PULSE_TIMELINE_MERGE_FOLLOWERS", "1000000")},
	"all that can be": {pulsetest.WithEnv("PULSE_TIMELINE_LENGTH", "6"), pulsetest.WithEnv("PULSE_TIMELINE_MERGE_FOLLOWERS", "3")},
}

// model is what timelines should be, by the plainest rules.
type model struct {
	follows map[[2]int]bool
	posts   []modelPost
}

type modelPost struct {
	id      int64
	author  int
	deleted bool
}

// home answers the home timeline of a person, newest first.
func (m *model) home(person int) []int64 {
	var ids []int64
	for _, p := range slices.Backward(m.posts) {
		if !p.deleted && (p.author == person || m.follows[[2]int{person, p.author}]) {
			ids = append(ids, p.id)
		}
	}
	return ids
}

func TestHomeTimelinesEqualTheModelWhateverTheirSource(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	for name, options := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			walk(t, seed, options...)
		})
	}
}

// The keys of one command, pipeline or transaction must be on one node of a cluster.
func TestHomeTimelinesEqualTheModelOnARedisCluster(t *testing.T) {
	t.Parallel()
	cluster := testbackend.RedisCluster()
	if cluster == "" {
		t.Skip("it needs a Redis Cluster: task test:backends starts one")
	}
	for _, name := range []string{"fan-out", "all that can be"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			walk(t, rand.Uint64(), append(ways[name], pulsetest.WithEnv("PULSE_REDIS_URL", cluster))...)
		})
	}
}

// walk drives random changes and compares every home timeline after each.
func walk(t *testing.T, seed uint64, options ...pulsetest.Option) {
	t.Helper()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	// Half a minute lies between two steps, so that lists are cut and trusted as in real life.
	var steps atomic.Int64
	clock := func() time.Time {
		return time.Now().UTC().Truncate(time.Millisecond).Add(time.Duration(steps.Load()) * 30 * time.Second)
	}
	p := pulsetest.Start(t, append(options, pulsetest.WithClock(clock))...)
	const people = 5
	m := &model{follows: map[[2]int]bool{}}
	var users []*pulsetest.User
	for n := range people {
		users = append(users, p.User(t, fmt.Sprintf("p%d", n)))
	}
	for step := range testwait.Rounds(45) {
		steps.Add(1)
		what := change(t, m, users, random)
		p.Settle(t)
		for n, u := range users {
			if random.IntN(3) == 0 {
				continue // Who does not read has a list that only fan-out touches.
			}
			if got, want := home(t, u.Client, int32(1+random.IntN(9))), m.home(n); !slices.Equal(got, want) {
				t.Fatalf("step %d (%s): p%d reads %v, want %v", step, what, n, got, want)
			}
		}
	}
}

// change makes one random change, in Pulse and in the model, and says which.
func change(t *testing.T, m *model, users []*pulsetest.User, random *rand.Rand) string {
	t.Helper()
	who, other := random.IntN(len(users)), random.IntN(len(users))
	u := users[who]
	switch random.IntN(8) {
	case 0, 1:
		if who == other {
			return "nothing"
		}
		_, err := u.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: users[other].ID})
		must(t, err)
		m.follows[[2]int{who, other}] = true
		return fmt.Sprintf("p%d follows p%d", who, other)
	case 2:
		_, err := u.Graph.Unfollow(t.Context(), &graphv1.UnfollowRequest{UserId: users[other].ID})
		must(t, err)
		delete(m.follows, [2]int{who, other})
		return fmt.Sprintf("p%d unfollows p%d", who, other)
	case 3:
		for n, p := range m.posts {
			if p.author == who && !p.deleted && random.IntN(3) == 0 {
				_, err := u.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: p.id})
				must(t, err)
				m.posts[n].deleted = true
				return fmt.Sprintf("p%d deletes %d", who, p.id)
			}
		}
		return "nothing"
	default:
		answer, err := u.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "post"})
		must(t, err)
		m.posts = append(m.posts, modelPost{id: answer.GetPost().GetId(), author: who})
		return fmt.Sprintf("p%d posts", who)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// home answers the ids of a whole home timeline.
func home(t *testing.T, c *pulse.Client, pageSize int32) []int64 {
	t.Helper()
	var ids []int64
	for post, err := range c.AllHomeTimelinePosts(t.Context(), &timelinev1.GetHomeTimelineRequest{PageSize: pageSize}) {
		must(t, err)
		ids = append(ids, post.GetId())
	}
	return ids
}
