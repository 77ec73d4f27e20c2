package timeline_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// What trends is what more people use than usual: not what one uses often, nor what many use every day.
func TestTrendingTags(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	p := pulsetest.Start(t, pulsetest.WithClock(func() time.Time {
		return time.Now().UTC().Truncate(time.Millisecond).Add(time.Duration(ahead.Load()))
	}))
	users := []*pulsetest.User{p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")}
	pass := func(d time.Duration) {
		t.Helper()
		ahead.Add(int64(d))
		for _, u := range users {
			signInAgain(t, p, u)
		}
	}
	trends := func(language string) []*timelinev1.TrendingTag {
		t.Helper()
		p.Settle(t)
		ahead.Add(int64(11 * time.Second)) // What was answered before is over.
		answer, err := p.Client(t).Timelines.ListTrendingTags(t.Context(), &timelinev1.ListTrendingTagsRequest{Language: language})
		must(t, err)
		return answer.GetTags()
	}
	expect := func(what string, got []*timelinev1.TrendingTag, want ...string) {
		t.Helper()
		var tags []string
		for _, tag := range got {
			tags = append(tags, tag.GetTag())
		}
		if !slices.Equal(tags, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	expect("nobody has written", trends(""))
	for range 7 {
		for _, u := range users {
			write(t, u, public, "good #Morning")
		}
		pass(24 * time.Hour)
	}
	var news int64
	for _, u := range users {
		write(t, u, public, "#morning again")
		news = write(t, u, public, "have you heard? #News")
		write(t, u, unlisted, "psst #secret")
	}
	for range 3 {
		write(t, users[0], public, "#me #me2 #me")
	}
	for _, u := range users[:2] {
		_, err := u.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "schön #Sonne", Language: "de-AT"})
		must(t, err)
	}
	got := trends("")
	expect("a day like no other", got, "News", "Sonne")
	if one := got[0]; one.GetPeople() != 3 || one.GetUsualPeople() != 0 || one.GetScore() != 4 {
		t.Errorf("got %v, want 3 people, none usual, and (3-1)^2/1", one)
	}
	expect("in German", trends("de"), "Sonne")
	expect("in English", trends("en"))

	// What is gone, or not public any more, does not count.
	_, err := users[2].Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: news})
	must(t, err)
	if got := trends(""); len(got) != 2 || got[0].GetPeople() != 2 || got[1].GetPeople() != 2 {
		t.Errorf("after a deletion: %v, want two people for each", got)
	}
	setPrivate(t, users[0], true)
	expect("one of two is private", trends(""))
	setPrivate(t, users[0], false)
	expect("and open again", trends(""), "News", "Sonne")
	pass(25 * time.Hour)
	expect("a day later", trends(""))
}
