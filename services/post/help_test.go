package post_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// A movableClock runs as the machine's does, and a test may put it forward.
type movableClock struct{ ahead atomic.Int64 }

func (c *movableClock) now() time.Time { return clock.System().Add(time.Duration(c.ahead.Load())) }

func (c *movableClock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// publish publishes what the request asks for.
func publish(t *testing.T, u *pulsetest.User, req *postv1.CreatePostRequest) *postv1.Post {
	t.Helper()
	answer, err := u.Posts.CreatePost(t.Context(), req)
	if err != nil {
		t.Fatalf("%s: create %v: %v", u.Handle, req, err)
	}
	return answer.GetPost()
}

func follow(t *testing.T, u, whom *pulsetest.User) {
	t.Helper()
	if _, err := u.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: whom.ID}); err != nil {
		t.Fatal(err)
	}
}

// wantReason fails unless a call failed for a reason; REASON_UNSPECIFIED wants that it succeeded.
func wantReason(t *testing.T, what string, err error, want errorsv1.Reason) {
	t.Helper()
	if got := pulse.ReasonOf(err); got != want || want == errorsv1.Reason_REASON_UNSPECIFIED && err != nil {
		t.Errorf("%s: %v (%v), want %v", what, got, err, want)
	}
}

// sees tells whether somebody gets a post by its id.
func sees(t *testing.T, c *pulse.Client, postID int64) bool {
	t.Helper()
	_, err := c.Posts.GetPost(t.Context(), &postv1.GetPostRequest{PostId: postID})
	if err != nil && pulse.ReasonOf(err) != errorsv1.Reason_REASON_POST_NOT_FOUND {
		t.Fatal(err)
	}
	return err == nil
}

// must answers what a call answered.
func must[T any](t *testing.T) func(T, error) T {
	return func(answer T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
}

// elsewhere opens the database of a Pulse as another process does.
func elsewhere(t *testing.T, p *pulsetest.Pulse, now clock.Clock) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), p.Config(t).Store, store.Options{IDs: id.NewGenerator(now), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// writeAs writes as a service does that is not under test.
func writeAs(t *testing.T, s *store.Store, service string, write func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := s.For(service).Write(t.Context(), func(tx *store.Tx) error { return write(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// blocks lets one person block another.
func blocks(t *testing.T, p *pulsetest.Pulse, blocker, blocked *pulsetest.User) {
	t.Helper()
	writeAs(t, elsewhere(t, p, clock.System), "graph", func(ctx context.Context, tx *store.Tx) error {
		return tx.Block.Create().SetID(tx.NewID()).SetBlockerID(blocker.ID).SetBlockedID(blocked.ID).Exec(ctx)
	})
}
