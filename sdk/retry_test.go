package pulse_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect/v2"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

// post creates a post and fails the test if that fails.
func post(ctx context.Context, t *testing.T, client *pulse.Client) {
	t.Helper()
	if _, err := client.Posts.CreatePost(ctx, &postv1.CreatePostRequest{Text: "hello"}); err != nil {
		t.Fatal(err)
	}
}

// failing scripts the first n calls of each procedure to fail with err.
func failing(n int, err error) func(string, int) error {
	return func(_ string, call int) error {
		if call <= n {
			return err
		}
		return nil
	}
}

func TestRetriesWithOneIdempotencyKey(t *testing.T) {
	overEachTransport(t, func(t *testing.T, start func(*server, ...pulse.Option) *pulse.Client) {
		s := newServer()
		s.script = failing(2, unavailable())
		client := start(s)
		res, err := client.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "hello"})
		if err != nil {
			t.Fatal(err)
		}
		if res.GetPost().GetText() != "hello" {
			t.Errorf("got %v, want the request to arrive whole", res)
		}
		calls := s.seen(createPost)
		if len(calls) != 3 {
			t.Fatalf("%d attempts, want 3", len(calls))
		}
		key := calls[0].key
		if len(key) < 16 || calls[1].key != key || calls[2].key != key {
			t.Errorf("keys %v, want one of at least 16 characters", calls)
		}
	})
}

func TestIdempotencyKeyOfTheCaller(t *testing.T) {
	s := newServer()
	client := connectInProcess(t, s)
	ctx, info := connect.NewClientContext(t.Context())
	info.RequestHeader().Set("Idempotency-Key", "0123456789abcdef")
	post(ctx, t, client)
	if got := s.seen(createPost)[0].key; got != "0123456789abcdef" {
		t.Errorf("key %q, want the caller's", got)
	}
}

func TestNoIdempotencyKeyToRead(t *testing.T) {
	s := newServer()
	s.script = failing(1, unavailable())
	client := connectInProcess(t, s)
	if _, err := client.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{}); err != nil {
		t.Fatal(err)
	}
	calls := s.seen(getAccount)
	if len(calls) != 2 || calls[0].key != "" {
		t.Errorf("calls %v, want two without a key", calls)
	}
}

func TestAttempts(t *testing.T) {
	for _, tc := range []struct {
		name string
		opts []pulse.Option
		err  error
		want int
	}{
		{"default", nil, unavailable(), 4},
		{"two", []pulse.Option{pulse.WithMaxAttempts(2)}, unavailable(), 2},
		{"off", []pulse.Option{pulse.WithMaxAttempts(1)}, unavailable(), 1},
		{"invalid argument", nil, failure(connect.CodeInvalidArgument, "POST_EMPTY"), 1},
		{"internal", nil, failure(connect.CodeInternal, "INTERNAL"), 1},
		{"limit with a time", nil, failure(connect.CodeResourceExhausted, "SIGN_IN_BUSY", retryIn(time.Second)), 4},
		{"limit without a time", nil, failure(connect.CodeResourceExhausted, "BODY_TOO_LARGE"), 1},
		{"too long to wait", nil, failure(connect.CodeUnavailable, "UNAVAILABLE", retryIn(time.Hour)), 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				s.script = failing(100, tc.err)
				client := connectInProcess(t, s, tc.opts...)
				_, err := client.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "hello"})
				if connect.CodeOf(err) != connect.CodeOf(tc.err) {
					t.Errorf("got %v, want %v", err, tc.err)
				}
				if got := len(s.seen(createPost)); got != tc.want {
					t.Errorf("%d attempts, want %d", got, tc.want)
				}
			})
		})
	}
}

func TestPauses(t *testing.T) {
	for _, tc := range []struct {
		name     string
		err      error
		min, max time.Duration
	}{
		{"full jitter", unavailable(), 0, 1400 * time.Millisecond},
		{
			"as the server asks", failure(connect.CodeUnavailable, "UNAVAILABLE", retryIn(10*time.Second)),
			30 * time.Second, 31400 * time.Millisecond,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				s.script = failing(3, tc.err)
				client := connectInProcess(t, s)
				began := time.Now()
				post(t.Context(), t, client)
				if took := time.Since(began); took < tc.min || took > tc.max {
					t.Errorf("paused %s in all, want %s to %s", took, tc.min, tc.max)
				}
			})
		})
	}
}

func TestRetryAfterHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.script = failing(1, connect.NewError(connect.CodeResourceExhausted, "slow down"))
		s.respond = map[string]string{"Retry-After": "7"}
		client := connectInProcess(t, s)
		began := time.Now()
		post(t.Context(), t, client)
		if took := time.Since(began); took < 7*time.Second {
			t.Errorf("paused %s, want the 7 s of the header", took)
		}
	})
}

// TestDeadlineBeforeNextAttempt wants the failure at hand, at once, when waiting would only end in a timeout.
func TestDeadlineBeforeNextAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.script = failing(100, failure(connect.CodeUnavailable, "UNAVAILABLE", retryIn(10*time.Second)))
		client := connectInProcess(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := client.Posts.CreatePost(ctx, &postv1.CreatePostRequest{Text: "hello"})
		if connect.CodeOf(err) != connect.CodeUnavailable || ctx.Err() != nil {
			t.Errorf("got %v, want unavailable before the deadline", err)
		}
		if got := len(s.seen(createPost)); got != 1 {
			t.Errorf("%d attempts, want 1", got)
		}
	})
}

func TestCancelWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.script = failing(100, failure(connect.CodeUnavailable, "UNAVAILABLE", retryIn(10*time.Second)))
		client := connectInProcess(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := client.Posts.CreatePost(ctx, &postv1.CreatePostRequest{Text: "hello"})
		if connect.CodeOf(err) != connect.CodeCanceled || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want canceled", err)
		}
		if got := len(s.seen(createPost)); got != 1 {
			t.Errorf("%d attempts, want 1", got)
		}
	})
}

func TestServerDown(t *testing.T) {
	srv := serve(t, newServer())
	client := newClient(t, srv.URL, pulse.WithMaxAttempts(1))
	srv.Close()
	_, err := client.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "hello"})
	failed, ok := errors.AsType[*pulse.Error](err)
	if !ok || failed.Code != connect.CodeUnavailable || failed.Message == "" {
		t.Errorf("got %v, want a typed unavailable", err)
	}
}
