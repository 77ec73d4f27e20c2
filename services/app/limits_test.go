package app_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/alicebob/miniredis/v2"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

const limited = errorsv1.Reason_REASON_RATE_LIMITED

// once makes a client that does not try again.
func once(t *testing.T, p *pulsetest.Pulse, opts ...pulse.Option) *pulse.Client {
	t.Helper()
	return p.Client(t, append(opts, pulse.WithMaxAttempts(1))...)
}

// from makes calls say that they are forwarded for an address.
func from(address string) pulse.Option {
	return pulse.WithInterceptors(func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			info, ok := connect.CallInfoForClientContext(ctx)
			if !ok {
				ctx, info = connect.NewClientContext(ctx)
			}
			info.RequestHeader().Set("X-Forwarded-For", address)
			return next(ctx, spec)
		}
	})
}

// lets calls until a call is refused, at most 20 times, and answers how many were not, and why the last was.
func lets(t *testing.T, call func() error) (int, error) {
	t.Helper()
	for n := range 20 {
		err := call()
		if pulse.ReasonOf(err) == limited {
			return n, err
		}
	}
	return 20, nil
}

func logsIn(t *testing.T, c *pulse.Client, login, password string) func() error {
	return func() error {
		_, err := c.Identity.LogIn(t.Context(), &identityv1.LogInRequest{Login: login, Password: password})
		return err
	}
}

func reads(t *testing.T, c *pulse.Client) func() error {
	return func() error {
		_, err := c.Users.GetUser(t.Context(), &userv1.GetUserRequest{User: &userv1.GetUserRequest_Handle{Handle: "nobody"}})
		return err
	}
}

func TestEachRateClassLimitsAndRecovers(t *testing.T) {
	t.Parallel()
	var clock atomic.Int64
	began := time.Now() // The clock stands but for what the test puts it forward: calls must not come back while it takes long.
	now := func() time.Time { return began.Add(time.Duration(clock.Load())).UTC() }
	p := pulsetest.Start(t, pulsetest.WithClock(now), pulsetest.WithEnv("PULSE_RATE_READ", "3/1m"), pulsetest.WithEnv("PULSE_RATE_WRITE", "4/1m"),
		pulsetest.WithEnv("PULSE_RATE_EXPENSIVE", "5/1m"), pulsetest.WithEnv("PULSE_RATE_SIGN_IN", "6/1m"))
	ada, bob := p.User(t, "ada", pulse.WithMaxAttempts(1)), p.User(t, "bob", pulse.WithMaxAttempts(1))
	post := func(c *pulsetest.User) func() error {
		return func() error {
			_, err := c.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "hello"})
			return err
		}
	}
	clock.Add(int64(time.Minute))
	for _, c := range []struct {
		class string
		call  func() error
		want  int
	}{
		{"read", reads(t, ada.Client), 3},
		{"write", post(ada), 4},
		{"expensive", func() error {
			_, err := ada.Search.Suggest(t.Context(), &searchv1.SuggestRequest{Prefix: "a"})
			return err
		}, 5},
		{"sign-in", func() error {
			_, err := ada.Identity.VerifyEmail(t.Context(), &identityv1.VerifyEmailRequest{Token: strings.Repeat("x", 43)})
			return err
		}, 6},
	} {
		n, refused := lets(t, c.call)
		if n != c.want {
			t.Errorf("%s: %d calls were let through, want %d (%v)", c.class, n, c.want, refused)
		}
		var failure *pulse.Error
		if !errors.As(refused, &failure) || failure.Code != connect.CodeResourceExhausted || failure.RetryAfter <= 0 || failure.RetryAfter > time.Minute ||
			failure.Metadata["limit"] != fmt.Sprint(c.want) || failure.Metadata["window_seconds"] != "60" {
			t.Errorf("%s: refused with %+v", c.class, failure)
			continue
		}
		clock.Add(int64(failure.RetryAfter))
		if n, _ := lets(t, c.call); n != 1 {
			t.Errorf("%s: after %s, %d calls were let through, want 1", c.class, failure.RetryAfter, n)
		}
	}
	if err := post(bob)(); err != nil {
		t.Errorf("another person: %v", err)
	}
}

func TestARefusedCallSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	now := time.Now() // It stands: a second of the test would be one less to wait.
	p := pulsetest.Start(t, pulsetest.WithClock(func() time.Time { return now.UTC() }),
		pulsetest.WithEnv("PULSE_RATE_READ", "1/1m"), pulsetest.WithEnv("PULSE_CORS_ORIGINS", "https://app.example.org"))
	for _, want := range []int{http.StatusNotFound, http.StatusTooManyRequests} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL()+"/v1/users/1", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Origin", "https://app.example.org")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("status %d, want %d", answer.StatusCode, want)
		}
		refused := want == http.StatusTooManyRequests
		for name, value := range map[string]string{"Retry-After": "60", "RateLimit-Limit": "1", "RateLimit-Remaining": "0", "RateLimit-Reset": "60"} {
			if !refused {
				value = ""
			}
			if got := answer.Header.Get(name); got != value {
				t.Errorf("status %d: %s is %q, want %q", want, name, got, value)
			}
			if !strings.Contains(strings.ToLower(answer.Header.Get("Access-Control-Expose-Headers")), strings.ToLower(name)) {
				t.Errorf("browsers may not read %s", name)
			}
		}
	}
}

func TestProcessesCountTogether(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	start := func() *pulse.Client {
		return once(t, pulsetest.Start(t, pulsetest.WithEnv("PULSE_REDIS_URL", "redis://"+redis.Addr()), pulsetest.WithEnv("PULSE_RATE_READ", "10/1h")))
	}
	one, other := start(), start()
	n, _ := lets(t, reads(t, one))
	if n != 10 {
		t.Errorf("the first process let %d calls through, want 10", n)
	}
	if n, _ := lets(t, reads(t, other)); n != 0 {
		t.Errorf("then the second let %d through, want none", n)
	}
}

func TestAProcessCountsByItselfWithoutRedis(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_REDIS_URL", "redis://"+redis.Addr()), pulsetest.WithEnv("PULSE_REDIS_TIMEOUT", "100ms"),
		pulsetest.WithEnv("PULSE_RATE_READ", "10/1h"))
	redis.Close()
	if n, _ := lets(t, reads(t, once(t, p))); n != 10 {
		t.Errorf("%d calls were let through, want 10", n)
	}
}

func TestWhatACallerForwardsIsBelievedOfProxiesAlone(t *testing.T) {
	t.Parallel()
	for proxies, want := range map[string]int{"": 0, "127.0.0.0/8,::1": 3} {
		t.Run("trusted "+proxies, func(t *testing.T) {
			t.Parallel()
			p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_TRUSTED_PROXIES", proxies), pulsetest.WithEnv("PULSE_RATE_READ", "3/1h"))
			if n, _ := lets(t, reads(t, once(t, p, from("203.0.113.1")))); n != 3 {
				t.Fatalf("%d calls were let through, want 3", n)
			}
			if n, _ := lets(t, reads(t, once(t, p, from("203.0.113.2")))); n != want {
				t.Errorf("from another address %d calls were let through, want %d", n, want)
			}
			if n, _ := lets(t, reads(t, once(t, p, from("203.0.113.3, 203.0.113.1")))); n != 0 {
				t.Errorf("who pretends to come from elsewhere got %d calls through", n)
			}
		})
	}
}

// TestAPasswordIsNotGuessed tries one account from many addresses. One that there is not is answered in the same way.
func TestAPasswordIsNotGuessed(t *testing.T) {
	t.Parallel()
	now := time.Now() // It stands: how long to wait must not differ by how long the test takes.
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_TRUSTED_PROXIES", "127.0.0.0/8,::1"), pulsetest.WithEnv("PULSE_RATE_SIGN_IN", "3/1m"), pulsetest.WithEnv("PULSE_RATE_ACCOUNT", "2/10m"),
		pulsetest.WithClock(func() time.Time { return now }))
	ada := p.User(t, "ada", from("203.0.113.250"))
	for n := range 4 {
		if err := logsIn(t, once(t, p, from(fmt.Sprintf("192.0.2.%d", n))), "ada", ada.Password)(); err != nil {
			t.Fatalf("who knows the password: %v", err)
		}
	}
	answers := map[string]string{}
	for _, login := range []string{"ada", "nobody"} {
		for n := range 4 {
			err := logsIn(t, once(t, p, from(fmt.Sprintf("198.51.%d.7", 100+n))), login, "wrong password")()
			reason := errorsv1.Reason_REASON_CREDENTIALS_INVALID
			if n >= 2 {
				reason = limited
			}
			if got := pulse.ReasonOf(err); got != reason {
				t.Errorf("try %d at %s: %v, want %v", n+1, login, got, reason)
			}
			if failure, ok := errors.AsType[*pulse.Error](err); ok {
				answers[login] += fmt.Sprintln(failure.Reason, failure.Message, failure.RetryAfter)
			}
		}
	}
	if answers["ada"] != answers["nobody"] {
		t.Errorf("an account that there is answers %q, one that there is not %q", answers["ada"], answers["nobody"])
	}
	if err := logsIn(t, once(t, p, from("203.0.113.9")), "ada", ada.Password)(); pulse.ReasonOf(err) != limited {
		t.Errorf("the right password among too many wrong ones: %v", err)
	}
	if n, _ := lets(t, logsIn(t, once(t, p, from("203.0.113.10")), "bob", "wrong password")); n != 2 {
		t.Errorf("another login was refused after %d tries, want 2", n)
	}
}
