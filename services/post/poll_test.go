package post_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func poll(multiple bool, length time.Duration, options ...string) *postv1.CreatePostRequest {
	return &postv1.CreatePostRequest{Text: "which?", Poll: &postv1.NewPoll{Options: options, Multiple: multiple, Duration: durationpb.New(length)}}
}

func vote(t *testing.T, u *pulsetest.User, postID int64, choices ...int32) (*postv1.Post, error) {
	t.Helper()
	answer, err := u.Posts.VotePoll(t.Context(), &postv1.VotePollRequest{PostId: postID, Choices: choices})
	return answer.GetPost(), err
}

// results writes a poll as somebody sees it.
func results(post *postv1.Post) string {
	var text strings.Builder
	for _, option := range post.GetPoll().GetOptions() {
		fmt.Fprintf(&text, "%s ", option.GetText())
		if option.Votes != nil {
			fmt.Fprintf(&text, "%d ", option.GetVotes())
		}
	}
	if post.GetPoll().Voters != nil {
		fmt.Fprintf(&text, "of %d", post.GetPoll().GetVoters())
	}
	return strings.TrimSpace(text.String())
}

func TestPoll(t *testing.T) {
	t.Parallel()
	clock := new(movableClock)
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now))
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	follow(t, eve, ada)
	created := publish(t, ada, poll(false, 6*time.Minute, "tea", "coffee", "water"))
	post := created.GetId()
	if got := results(created); got != "tea 0 coffee 0 water 0 of 0" || created.GetPoll().GetEnded() {
		t.Errorf("the author sees %q", got)
	}
	for _, who := range []*pulse.Client{bob.Client, p.Client(t)} {
		if got := results(get(t, who, post)); got != "tea coffee water" {
			t.Errorf("who has not voted sees %q", got)
		}
	}
	var group sync.WaitGroup
	var counted atomic.Int32
	for i := range 8 { // Votes at once are one vote.
		group.Go(func() {
			_, err := vote(t, bob, post, int32(i%3))
			if err == nil {
				counted.Add(1)
			} else {
				wantReason(t, "another vote", err, errorsv1.Reason_REASON_POLL_ALREADY_VOTED)
			}
		})
	}
	group.Wait()
	mine := get(t, bob.Client, post)
	if counted.Load() != 1 || mine.GetPoll().GetVoters() != 1 || len(mine.GetViewer().GetPollVotes()) != 1 {
		t.Errorf("%d votes counted, %v", counted.Load(), mine)
	}
	if got := results(get(t, eve.Client, post)); got != "tea coffee water" {
		t.Errorf("who has not voted sees %q", got)
	}
	p.Settle(t)
	if got := homeOf(t, eve)[0]; results(got) != "tea coffee water" {
		t.Errorf("who has not voted sees %v in their home", got)
	}
	for name, c := range map[string]struct {
		choices []int32
		want    errorsv1.Reason
	}{
		"nothing":     {nil, errorsv1.Reason_REASON_INVALID_REQUEST},
		"two of them": {[]int32{0, 1}, errorsv1.Reason_REASON_POLL_CHOICE_INVALID},
		"the fourth":  {[]int32{3}, errorsv1.Reason_REASON_POLL_CHOICE_INVALID},
		"one below":   {[]int32{-1}, errorsv1.Reason_REASON_INVALID_REQUEST},
	} {
		_, err := vote(t, eve, post, c.choices...)
		wantReason(t, name, err, c.want)
	}
	clock.advance(6 * time.Minute)
	_, err := vote(t, eve, post, 0)
	wantReason(t, "after the end", err, errorsv1.Reason_REASON_POLL_ENDED)
	if got := get(t, p.Client(t), post); !strings.HasSuffix(results(got), "of 1") || !got.GetPoll().GetEnded() {
		t.Errorf("after the end everyone sees %v", got)
	}
	p.Settle(t)
}

func TestPollOfSeveralChoices(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	post := publish(t, ada, poll(true, time.Hour, "a", "b", "c", "d")).GetId()
	repeated := repost(t, bob, post).GetId()
	voted, err := vote(t, bob, repeated, 3, 1)
	if err != nil || results(voted) != "a 0 b 1 c 0 d 1 of 1" || !slices.Equal(voted.GetViewer().GetPollVotes(), []int32{1, 3}) {
		t.Errorf("voted %v, %v", voted, err)
	}
	if voted, err = vote(t, ada, post, 1); err != nil || results(voted) != "a 0 b 2 c 0 d 1 of 2" {
		t.Errorf("voted %v, %v", voted, err)
	}
	_, err = vote(t, bob, publish(t, ada, &postv1.CreatePostRequest{Text: "no poll"}).GetId(), 0)
	wantReason(t, "without a poll", err, errorsv1.Reason_REASON_POLL_NOT_FOUND)
	p.Settle(t)
	must[*postv1.DeletePostResponse](t)(ada.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: post}))
	_, err = vote(t, ada, post, 0)
	wantReason(t, "in what is deleted", err, errorsv1.Reason_REASON_POST_NOT_FOUND)
	p.Settle(t)
}

func TestWhatAPollMayBe(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	long := strings.Repeat("ü", 50)
	for name, c := range map[string]struct {
		request *postv1.CreatePostRequest
		want    errorsv1.Reason
	}{
		"one option":       {poll(false, time.Hour, "a"), errorsv1.Reason_REASON_INVALID_REQUEST},
		"five options":     {poll(false, time.Hour, "a", "b", "c", "d", "e"), errorsv1.Reason_REASON_INVALID_REQUEST},
		"the same twice":   {poll(false, time.Hour, "a", "a"), errorsv1.Reason_REASON_INVALID_REQUEST},
		"nothing to see":   {poll(false, time.Hour, "a", " "), errorsv1.Reason_REASON_INVALID_REQUEST},
		"51 characters":    {poll(false, time.Hour, "a", long+"x"), errorsv1.Reason_REASON_INVALID_REQUEST},
		"too short":        {poll(false, 5*time.Minute-time.Second, "a", "b"), errorsv1.Reason_REASON_INVALID_REQUEST},
		"too long":         {poll(false, 30*24*time.Hour+time.Second, "a", "b"), errorsv1.Reason_REASON_INVALID_REQUEST},
		"as short as can":  {poll(false, 5*time.Minute, "a", "b"), errorsv1.Reason_REASON_UNSPECIFIED},
		"as long as can":   {poll(true, 30*24*time.Hour, "a", "b", "c", long), errorsv1.Reason_REASON_UNSPECIFIED},
		"without duration": {&postv1.CreatePostRequest{Text: "x", Poll: &postv1.NewPoll{Options: []string{"a", "b"}}}, errorsv1.Reason_REASON_INVALID_REQUEST},
	} {
		_, err := ada.Posts.CreatePost(t.Context(), c.request)
		wantReason(t, name, err, c.want)
	}
}
