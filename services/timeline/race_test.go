package timeline_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// Lists are dropped by follows, rebuilt by reads and added to by posts, all at once: when it is quiet again, every list
// must be what SQL says.
func TestListsSurviveReadsPostsAndFollowsAtOnce(t *testing.T) {
	t.Parallel()
	for name, length := range map[string]string{"long lists": "800", "lists that are cut": "10"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_TIMELINE_LENGTH", length))
			var users []*pulsetest.User
			for n := range 4 {
				users = append(users, p.User(t, fmt.Sprintf("p%d", n)))
			}
			var group sync.WaitGroup
			for _, u := range users {
				group.Go(func() { follows(t, u, users) })
				group.Go(func() { posts(t, u) })
				group.Go(func() { reads(t, u) })
			}
			group.Wait()
			p.Settle(t)
		})
	}
}

// rounds is how often each does it.
func rounds() int { return testwait.Rounds(60) }

func follows(t *testing.T, u *pulsetest.User, users []*pulsetest.User) {
	for range rounds() {
		other := users[rand.IntN(len(users))].ID
		if other == u.ID {
			continue
		}
		var err error
		if rand.IntN(2) == 0 {
			_, err = u.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: other})
		} else {
			_, err = u.Graph.Unfollow(t.Context(), &graphv1.UnfollowRequest{UserId: other})
		}
		if err != nil {
			t.Error(err)
		}
	}
}

func posts(t *testing.T, u *pulsetest.User) {
	for range rounds() {
		answer, err := u.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "post"})
		if err != nil {
			t.Error(err)
			continue
		}
		// One's own post is at hand in the very next call.
		own, err := u.Timelines.GetHomeTimeline(t.Context(), &timelinev1.GetHomeTimelineRequest{PageSize: 100})
		if err != nil {
			t.Error(err)
			continue
		}
		found := false
		for _, post := range own.GetPosts() {
			found = found || post.GetId() == answer.GetPost().GetId()
		}
		if !found {
			t.Errorf("own post %d is not in the home timeline", answer.GetPost().GetId())
		}
	}
}

func reads(t *testing.T, u *pulsetest.User) {
	for range rounds() {
		if _, err := u.Timelines.GetHomeTimeline(t.Context(), &timelinev1.GetHomeTimelineRequest{}); err != nil {
			t.Error(err)
		}
	}
}
