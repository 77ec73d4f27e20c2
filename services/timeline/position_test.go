package timeline_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func positionIn(t *testing.T, c *pulse.Client, name string) *timelinev1.GetReadPositionResponse {
	t.Helper()
	answer, err := c.Timelines.GetReadPosition(t.Context(), &timelinev1.GetReadPositionRequest{Timeline: name})
	must(t, err)
	return answer
}

func TestReadPositionIsSharedByDevices(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	tokens := &pulsetest.Tokens{}
	ada, bob := p.User(t, "ada", pulse.WithTokenStore(tokens)), p.User(t, "bob")
	phone := p.Client(t, pulse.WithTokenStore(tokens))
	follow(t, ada, bob)
	names := []string{"home", "public", fmt.Sprintf("list:%d", newList(t, ada, bob))}
	var posts []int64
	for range 4 {
		posts = append(posts, write(t, bob, public, "post"))
	}
	write(t, ada, public, "one's own is not unread")
	p.Settle(t)
	for _, name := range names {
		if got := positionIn(t, phone, name); got.GetPosition().GetPostId() != 0 || got.GetPosition().GetUpdateTime() != nil || got.GetUnreadCount() != 4 {
			t.Errorf("%s: %v before anything was read, want no position and 4 unread", name, got)
		}
		set := func(post int64, force bool) int64 {
			t.Helper()
			answer, err := ada.Timelines.SetReadPosition(t.Context(), &timelinev1.SetReadPositionRequest{Timeline: name, PostId: post, Force: force})
			must(t, err)
			return answer.GetPosition().GetPostId()
		}
		for _, step := range []struct {
			post   int64
			force  bool
			want   int64
			unread int32
		}{
			{posts[1], false, posts[1], 2},
			{posts[0], false, posts[1], 2},
			{posts[3], false, posts[3], 0},
			{posts[2], true, posts[2], 1},
			{0, true, 0, 4},
		} {
			if got := set(step.post, step.force); got != step.want {
				t.Errorf("%s: set to %d (force %v): %d holds, want %d", name, step.post, step.force, got, step.want)
			}
			if got := positionIn(t, phone, name); got.GetPosition().GetPostId() != step.want || got.GetUnreadCount() != step.unread {
				t.Errorf("%s: the phone reads %v, want %d and %d unread", name, got, step.want, step.unread)
			}
		}
	}
	// Of many devices at once, the one that has read most has the word.
	var group sync.WaitGroup
	for _, post := range append(posts, posts...) {
		group.Go(func() {
			_, err := ada.Timelines.SetReadPosition(t.Context(), &timelinev1.SetReadPositionRequest{Timeline: "home", PostId: post})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := positionIn(t, phone, "home"); got.GetPosition().GetPostId() != posts[3] {
		t.Errorf("after all at once: %v, want %d", got, posts[3])
	}
	if got := positionIn(t, bob.Client, "home"); got.GetPosition().GetPostId() != 0 {
		t.Errorf("bob has ada's position: %v", got)
	}
}

func TestUnreadPostsAreCountedToAHundred(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	follow(t, ada, bob)
	first := write(t, bob, public, "post")
	for range 101 {
		write(t, bob, public, "post")
	}
	p.Settle(t)
	_, err := ada.Timelines.SetReadPosition(t.Context(), &timelinev1.SetReadPositionRequest{Timeline: "home", PostId: first})
	must(t, err)
	if got := positionIn(t, ada.Client, "home").GetUnreadCount(); got != 100 {
		t.Errorf("%d unread, want 100 for more than 99", got)
	}
}

func TestReadPositionRefuses(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	bobs := fmt.Sprintf("list:%d", newList(t, bob))
	for name, c := range map[string]struct {
		timeline string
		post     int64
		want     errorsv1.Reason
	}{
		"no timeline":      {"", 1, errorsv1.Reason_REASON_INVALID_REQUEST},
		"unknown timeline": {"homes", 1, errorsv1.Reason_REASON_INVALID_REQUEST},
		"another's list":   {bobs, 1, errorsv1.Reason_REASON_LIST_NOT_FOUND},
		"absent list":      {"list:7", 1, errorsv1.Reason_REASON_LIST_NOT_FOUND},
		"from the future":  {"home", id.At(time.Now().Add(time.Hour)), errorsv1.Reason_REASON_READ_POSITION_INVALID},
	} {
		_, err := ada.Timelines.SetReadPosition(t.Context(), &timelinev1.SetReadPositionRequest{Timeline: c.timeline, PostId: c.post})
		if pulse.ReasonOf(err) != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if name == "from the future" {
			continue
		}
		if _, err := ada.Timelines.GetReadPosition(t.Context(), &timelinev1.GetReadPositionRequest{Timeline: c.timeline}); pulse.ReasonOf(err) != c.want {
			t.Errorf("get of %s: %v, want %v", name, err, c.want)
		}
	}
}
