package app_test

import (
	"fmt"
	"testing"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestNothingIsMissingWithoutRedisAndBroker(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	tokens := &pulsetest.Tokens{}
	ada, bob := p.User(t, "ada", pulse.WithTokenStore(tokens)), p.User(t, "bob")
	if _, err := ada.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: bob.ID}); err != nil {
		t.Fatal(err)
	}
	const posts = 25
	for n := range posts {
		write(t, bob.Client, fmt.Sprintf("post %d", n))
	}
	before := home(t, ada.Client)
	if len(before) != posts {
		t.Fatalf("%d posts in the home timeline, want %d", len(before), posts)
	}

	for range 2 {
		p.LoseCaches(t)
		// The tokens of before the restart still work, and so does the refresh token.
		again := p.Client(t, pulse.WithTokenStore(tokens))
		if got := home(t, again); fmt.Sprint(got) != fmt.Sprint(before) {
			t.Errorf("home timeline %v after the restart, want %v", got, before)
		}
		if _, err := again.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{}); err != nil {
			t.Errorf("signed out by the restart: %v", err)
		}
		p.Settle(t)
		if got := counts(t, again, bob.ID); got.GetPosts() != posts || got.GetFollowers() != 1 {
			t.Errorf("counts %v after the restart, want %d posts and 1 follower", got, posts)
		}
	}
}

func TestEventsLeftBehindAreConsumedAfterTheNextStart(t *testing.T) {
	t.Parallel()
	// Nobody consumes what these two services emit.
	p := pulsetest.Start(t, pulsetest.WithServices("identity", "graph"))
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	if _, err := ada.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: bob.ID}); err != nil {
		t.Fatal(err)
	}
	p.SetServices()
	p.Restart(t, nil)
	c := p.Client(t)
	testwait.Until(t, "the follow is counted", func() bool { return counts(t, c, bob.ID).GetFollowers() == 1 })
	p.Settle(t)
}

// write posts and answers the post's id.
func write(t *testing.T, c *pulse.Client, text string) int64 {
	t.Helper()
	answer, err := c.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetPost().GetId()
}

// home answers the ids of a whole home timeline.
func home(t *testing.T, c *pulse.Client) []int64 {
	t.Helper()
	var ids []int64
	for post, err := range c.AllHomeTimelinePosts(t.Context(), &timelinev1.GetHomeTimelineRequest{PageSize: 7}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, post.GetId())
	}
	return ids
}

func counts(t *testing.T, c *pulse.Client, userID int64) *userv1.UserCounts {
	t.Helper()
	answer, err := c.Users.GetUser(t.Context(), &userv1.GetUserRequest{User: &userv1.GetUserRequest_UserId{UserId: userID}})
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetUser().GetCounts()
}
