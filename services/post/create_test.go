package post_test

import (
	"strings"
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestCreatePost(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")

	created, err := ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "hello"})
	if err != nil {
		t.Fatal(err)
	}
	post := created.GetPost()
	if post.GetText() != "hello" || post.GetAuthor().GetHandle() != "ada" || post.GetThreadId() != post.GetId() {
		t.Errorf("created %v", post)
	}

	// The author sees it in the very next call, on top of both timelines.
	home, err := ada.Timelines.GetHomeTimeline(t.Context(), &timelinev1.GetHomeTimelineRequest{})
	if err != nil {
		t.Fatal(err)
	}
	own, err := ada.Timelines.GetUserTimeline(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: ada.ID})
	if err != nil {
		t.Fatal(err)
	}
	if home.GetPosts()[0].GetId() != post.GetId() || own.GetPosts()[0].GetId() != post.GetId() {
		t.Errorf("home %v, own %v: want the new post first", home.GetPosts(), own.GetPosts())
	}
	p.Settle(t)
}

func TestCreatePostRefuses(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_POST_MAX_CHARS", "5000"))
	ada := p.User(t, "ada")
	for name, c := range map[string]struct {
		request *postv1.CreatePostRequest
		want    errorsv1.Reason
	}{
		"nothing":           {&postv1.CreatePostRequest{}, errorsv1.Reason_REASON_POST_EMPTY},
		"white space":       {&postv1.CreatePostRequest{Text: " \n\t\u00a0"}, errorsv1.Reason_REASON_POST_EMPTY},
		"5,001 characters":  {&postv1.CreatePostRequest{Text: strings.Repeat("ä", 5001)}, errorsv1.Reason_REASON_POST_TOO_LONG},
		"reply to nothing":  {&postv1.CreatePostRequest{Text: "hello", ReplyToId: 7}, errorsv1.Reason_REASON_POST_NOT_FOUND},
		"reply to negative": {&postv1.CreatePostRequest{Text: "hello", ReplyToId: -7}, errorsv1.Reason_REASON_INVALID_REQUEST},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ada.Posts.CreatePost(t.Context(), c.request)
			if got := pulse.ReasonOf(err); got != c.want {
				t.Errorf("got %v (%v), want %v", got, err, c.want)
			}
		})
	}
	if _, err := ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: strings.Repeat("ä", 5000)}); err != nil {
		t.Errorf("5,000 characters: %v", err)
	}
}
