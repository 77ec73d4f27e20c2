package app_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect/v2"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// A process that answers one call at a time is asked for forty at once: those that it takes are answered, the others are told
// to come back, and did nothing. Who signs in has a queue of their own.
func TestOverloadIsRefusedAndNothingOfItIsDone(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_CALLS_AT_ONCE", "1"))
	ada := p.User(t, "ada", pulse.WithMaxAttempts(1))
	const calls = 40
	var written, refused atomic.Int64
	var group sync.WaitGroup
	for n := range calls {
		group.Go(func() {
			_, err := ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: fmt.Sprint("post ", n)})
			switch {
			case err == nil:
				written.Add(1)
			case pulse.ReasonOf(err) == errorsv1.Reason_REASON_OVERLOADED:
				refused.Add(1)
				if failure, ok := errors.AsType[*pulse.Error](err); !ok || failure.Code != connect.CodeResourceExhausted || failure.RetryAfter != time.Second {
					t.Errorf("got %v, want it to be tried again after a second", err)
				}
			default:
				t.Error(err)
			}
		})
	}
	for range 4 {
		group.Go(func() {
			if err := logsIn(t, once(t, p), "ada", ada.Password)(); err != nil {
				t.Error("who signs in:", err)
			}
		})
	}
	group.Wait()
	if written.Load() == 0 || refused.Load() == 0 {
		t.Errorf("%d were written and %d refused, want some of each", written.Load(), refused.Load())
	}
	answer, err := ada.Timelines.GetUserTimeline(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: ada.ID, PageSize: calls})
	if err != nil || int64(len(answer.GetPosts())) != written.Load() {
		t.Errorf("%d posts are there, %d were acknowledged: %v", len(answer.GetPosts()), written.Load(), err)
	}
}

// Nothing of what services ask of each other waits for what they themselves hold.
func TestCallsBetweenServicesPassAFullGate(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_CALLS_AT_ONCE", "1"))
	ada := p.User(t, "ada")
	if _, err := ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "hello"}); err != nil {
		t.Fatal(err)
	}
	p.Settle(t)
	if answer, err := ada.Timelines.GetHomeTimeline(t.Context(), &timelinev1.GetHomeTimelineRequest{}); err != nil || len(answer.GetPosts()) != 1 {
		t.Errorf("got %v, %v", answer, err)
	}
}
