package post_test

import (
	"slices"
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// bookmarks answers the texts of what somebody keeps, by pages of one.
func bookmarks(t *testing.T, u *pulsetest.User) []string {
	t.Helper()
	var texts []string
	for post, err := range u.AllBookmarks(t.Context(), &postv1.ListBookmarksRequest{PageSize: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		if !post.GetViewer().GetBookmarked() {
			t.Errorf("%v is among the bookmarks and does not say so", post)
		}
		texts = append(texts, post.GetText())
	}
	return texts
}

func TestBookmarks(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	if got := bookmarks(t, bob); got != nil {
		t.Errorf("bookmarks %v before the first", got)
	}
	posts := map[string]int64{}
	for _, text := range []string{"one", "two", "three", "four"} {
		posts[text] = publish(t, ada, &postv1.CreatePostRequest{Text: text}).GetId()
	}
	for _, text := range []string{"three", "one", "four", "two", "one"} {
		must[*postv1.BookmarkPostResponse](t)(bob.Posts.BookmarkPost(t.Context(), &postv1.BookmarkPostRequest{PostId: posts[text]}))
	}
	if got := bookmarks(t, bob); !slices.Equal(got, []string{"two", "four", "one", "three"}) {
		t.Errorf("bookmarks %v", got)
	}
	if got := bookmarks(t, ada); got != nil || get(t, ada.Client, posts["one"]).GetViewer().GetBookmarked() {
		t.Errorf("bookmarks of another are shown: %v", got)
	}
	page := must[*timelinev1.GetUserTimelineResponse](t)(bob.Timelines.GetUserTimeline(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: ada.ID}))
	for _, post := range page.GetPosts() {
		if !post.GetViewer().GetBookmarked() {
			t.Errorf("the timeline does not say that %v is kept", post)
		}
	}
	for range 2 {
		must[*postv1.UnbookmarkPostResponse](t)(bob.Posts.UnbookmarkPost(t.Context(), &postv1.UnbookmarkPostRequest{PostId: posts["two"]}))
	}
	page = must[*timelinev1.GetUserTimelineResponse](t)(bob.Timelines.GetUserTimeline(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: ada.ID}))
	if page.GetPosts()[2].GetViewer().GetBookmarked() {
		t.Error("the timeline says that a post is kept that is not any more")
	}
	// What is not there for the caller leaves no gap, and is back when it is.
	must[*postv1.DeletePostResponse](t)(ada.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: posts["four"]}))
	edit(t, ada, &postv1.EditPostRequest{PostId: posts["one"], Audience: postv1.Audience_AUDIENCE_FOLLOWERS, UpdateMask: mask("audience")})
	if got := bookmarks(t, bob); !slices.Equal(got, []string{"three"}) {
		t.Errorf("bookmarks %v, want what can still be seen", got)
	}
	follow(t, bob, ada)
	if got := bookmarks(t, bob); !slices.Equal(got, []string{"one", "three"}) {
		t.Errorf("bookmarks %v, want what can be seen again", got)
	}
	_, err := bob.Posts.BookmarkPost(t.Context(), &postv1.BookmarkPostRequest{PostId: posts["four"]})
	wantReason(t, "keeping what is deleted", err, errorsv1.Reason_REASON_POST_NOT_FOUND)
}
