package timeline_test

import (
	"testing"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// The reader's list drops behind the unfollow, by an event; the timeline does not.
func TestAnUnfollowTakesEffectInTheNextCall(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	_, err := bob.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "post"})
	must(t, err)
	for range testwait.Rounds(30) {
		_, err := ada.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: bob.ID})
		must(t, err)
		p.Settle(t)
		if posts := page(t, ada, 10, "").GetPosts(); len(posts) != 1 {
			t.Fatalf("after the follow: %d posts, want 1", len(posts))
		}
		_, err = ada.Graph.Unfollow(t.Context(), &graphv1.UnfollowRequest{UserId: bob.ID})
		must(t, err)
		if posts := page(t, ada, 10, "").GetPosts(); len(posts) != 0 {
			t.Fatalf("right after the unfollow: %v, want nothing", posts)
		}
	}
}
