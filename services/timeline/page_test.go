package timeline_test

import (
	"fmt"
	"slices"
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestTimelinesPageBothWays(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	_, err := ada.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: bob.ID})
	must(t, err)

	empty := page(t, ada, 3, "")
	if len(empty.GetPosts()) != 0 || empty.GetNextPageToken() != "" || empty.GetNewerPageToken() == "" {
		t.Fatalf("empty timeline: %v, want no posts, no older page, and a token for what comes", empty)
	}
	var posts []int64 // newest first
	post := func(u *pulsetest.User) {
		answer, err := u.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: fmt.Sprintf("post %d", len(posts))})
		must(t, err)
		posts = append([]int64{answer.GetPost().GetId()}, posts...)
		p.Settle(t)
	}
	post(bob)
	first := page(t, ada, 3, empty.GetNewerPageToken())
	want(t, "the first post, from the empty page on", first, posts)

	for range 6 {
		post(bob)
	}
	post(ada)
	// From the first page, newer pages go up without a gap: each is next to the one before.
	up1 := page(t, ada, 3, first.GetNewerPageToken())
	want(t, "up once", up1, posts[4:7])
	up2 := page(t, ada, 3, up1.GetNewerPageToken())
	want(t, "up twice", up2, posts[1:4])
	up3 := page(t, ada, 3, up2.GetNewerPageToken())
	want(t, "up three times", up3, posts[0:1])
	top := page(t, ada, 3, up3.GetNewerPageToken())
	want(t, "above the top", top, nil)
	post(bob)
	want(t, "what came meanwhile", page(t, ada, 3, top.GetNewerPageToken()), posts[0:1])

	// And down again.
	down := page(t, ada, 3, up3.GetNextPageToken())
	want(t, "down from the top", down, posts[2:5])
	want(t, "down to the end", page(t, ada, 100, down.GetNextPageToken()), posts[5:])
	if last := page(t, ada, 100, ""); last.GetNextPageToken() != "" {
		t.Errorf("a page that holds everything has a token for more")
	}
}

func TestUserTimeline(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	var posts []int64
	for range 5 {
		answer, err := ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "post"})
		must(t, err)
		posts = append([]int64{answer.GetPost().GetId()}, posts...)
	}
	var got []int64
	for post, err := range p.Client(t).AllUserTimelinePosts(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: ada.ID, PageSize: 2}) {
		must(t, err)
		got = append(got, post.GetId())
	}
	if !slices.Equal(got, posts) {
		t.Errorf("got %v, want %v", got, posts)
	}
	if _, err := p.Client(t).Timelines.GetUserTimeline(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: 4711}); pulse.ReasonOf(err) != errorsv1.Reason_REASON_USER_NOT_FOUND {
		t.Errorf("timeline of nobody: %v", err)
	}
}

func page(t *testing.T, u *pulsetest.User, size int32, token string) *timelinev1.GetHomeTimelineResponse {
	t.Helper()
	answer, err := u.Timelines.GetHomeTimeline(t.Context(), &timelinev1.GetHomeTimelineRequest{PageSize: size, PageToken: token})
	must(t, err)
	return answer
}

func want(t *testing.T, what string, got *timelinev1.GetHomeTimelineResponse, want []int64) {
	t.Helper()
	var ids []int64
	for _, post := range got.GetPosts() {
		ids = append(ids, post.GetId())
	}
	if !slices.Equal(ids, want) {
		t.Errorf("%s: got %v, want %v", what, ids, want)
	}
}
