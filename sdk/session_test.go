package pulse_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/types/known/timestamppb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

func account(ctx context.Context, client *pulse.Client) error {
	_, err := client.Identity.GetAccount(ctx, &identityv1.GetAccountRequest{})
	return err
}

// TestConcurrentCallsShareOneRefresh has 50 calls refused together, so that none can profit from an earlier refresh.
func TestConcurrentCallsShareOneRefresh(t *testing.T) {
	const calls = 50
	overEachTransport(t, func(t *testing.T, start func(*server, ...pulse.Option) *pulse.Client) {
		s := newServer()
		var arrived sync.WaitGroup
		arrived.Add(calls)
		s.script = func(procedure string, n int) error {
			if procedure == getAccount && n <= calls {
				arrived.Done()
				arrived.Wait()
			}
			return nil
		}
		client := start(s, pulse.WithTokens(s.pair(0)))
		var running sync.WaitGroup
		for range calls {
			running.Go(func() {
				if err := account(t.Context(), client); err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
		if got := len(s.seen(refresh)); got != 1 {
			t.Errorf("%d calls of Refresh, want 1", got)
		}
		if got := len(s.seen(getAccount)); got != 2*calls {
			t.Errorf("%d attempts, want each call made twice", got)
		}
	})
}

func TestRefreshShortlyBeforeExpiry(t *testing.T) {
	s := newServer()
	tokens := s.pair(1)
	tokens.AccessExpireTime = timestamppb.New(time.Now().Add(20 * time.Second))
	client := connectInProcess(t, s, pulse.WithTokens(tokens))
	for range 2 {
		if err := account(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.seen(refresh); len(got) != 1 || got[0].authorization != "" || got[0].key == "" {
		t.Errorf("calls of Refresh %+v, want one without token and with an idempotency key", got)
	}
	if got := s.seen(getAccount); len(got) != 2 || got[0].authorization != "Bearer access-2" {
		t.Errorf("calls %+v, want two with the new token", got)
	}
}

// TestClockAhead has every token look expired: refreshing before each call would help nobody.
func TestClockAhead(t *testing.T) {
	s := newServer()
	s.lifetime = -time.Hour
	client := connectInProcess(t, s, pulse.WithTokens(s.pair(1)))
	for range 5 {
		if err := account(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(s.seen(refresh)); got != 1 {
		t.Errorf("%d calls of Refresh, want 1", got)
	}
}

// TestRefreshUnavailable uses a token to its end while it cannot be refreshed.
func TestRefreshUnavailable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.script = func(procedure string, _ int) error {
			if procedure == refresh {
				return unavailable()
			}
			return nil
		}
		tokens := s.pair(1)
		tokens.AccessExpireTime = timestamppb.New(time.Now().Add(20 * time.Second))
		client := connectInProcess(t, s, pulse.WithTokens(tokens))
		if err := account(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		if signedIn, _ := client.SignedIn(t.Context()); !signedIn {
			t.Error("signed out by an outage")
		}
	})
}

func TestEndOfSession(t *testing.T) {
	for _, tc := range []struct {
		reason    errorsv1.Reason
		procedure string
	}{
		{errorsv1.Reason_REASON_REFRESH_TOKEN_INVALID, refresh},
		{errorsv1.Reason_REASON_REFRESH_TOKEN_REUSED, refresh},
		{errorsv1.Reason_REASON_SESSION_REVOKED, refresh},
		{errorsv1.Reason_REASON_SESSION_REVOKED, getAccount},
	} {
		t.Run(tc.reason.String()+" from "+tc.procedure, func(t *testing.T) {
			s := newServer()
			s.script = func(procedure string, _ int) error {
				if procedure == tc.procedure {
					return failure(connect.CodeUnauthenticated, tc.reason.String()[len("REASON_"):])
				}
				return nil
			}
			client := connectInProcess(t, s, pulse.WithTokens(s.pair(0)))
			if err := account(t.Context(), client); pulse.ReasonOf(err) != tc.reason {
				t.Errorf("got %v, want %v", err, tc.reason)
			}
			if signedIn, err := client.SignedIn(t.Context()); signedIn || err != nil {
				t.Errorf("SignedIn = %v, %v, want the tokens dropped", signedIn, err)
			}
		})
	}
}

// TestWaitForRefreshEndsWithItsCall cancels the call that began a refresh; another one that waits must still get it.
func TestWaitForRefreshEndsWithItsCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		release := make(chan struct{})
		s.script = func(procedure string, _ int) error {
			if procedure == refresh {
				<-release
			}
			return nil
		}
		client := connectInProcess(t, s, pulse.WithTokens(s.pair(0)))
		ctx, cancel := context.WithCancel(t.Context())
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { first <- account(ctx, client) }()
		synctest.Wait()
		go func() { second <- account(t.Context(), client) }()
		synctest.Wait()

		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("canceled call: %v", err)
		}
		close(release)
		if err := <-second; err != nil {
			t.Errorf("other call: %v", err)
		}
		if got := len(s.seen(refresh)); got != 1 {
			t.Errorf("%d calls of Refresh, want 1", got)
		}
	})
}

// TestLogOutDuringRefresh must not be undone by the tokens that the refresh brings.
func TestLogOutDuringRefresh(t *testing.T) {
	s := newServer()
	store := new(sharedStore)
	s.script = func(procedure string, _ int) error {
		if procedure == refresh {
			return store.Save(t.Context(), nil)
		}
		return nil
	}
	_ = store.Save(t.Context(), s.pair(0))
	client := connectInProcess(t, s, pulse.WithTokenStore(store))
	err := account(t.Context(), client)
	if got := pulse.ReasonOf(err); got != errorsv1.Reason_REASON_ACCESS_TOKEN_INVALID {
		t.Errorf("got %v, want the first refusal", err)
	}
	if signedIn, _ := client.SignedIn(t.Context()); signedIn {
		t.Error("signed in again by a refresh that came late")
	}
}

func TestAccessTokenAlone(t *testing.T) {
	s := newServer()
	client := connectInProcess(t, s, pulse.WithTokens(&identityv1.Tokens{AccessToken: "access-0"}))
	err := account(t.Context(), client)
	if got := pulse.ReasonOf(err); got != errorsv1.Reason_REASON_ACCESS_TOKEN_INVALID {
		t.Errorf("got %v, want the refusal", err)
	}
	if got := len(s.seen(refresh)); got != 0 {
		t.Errorf("%d calls of Refresh without a refresh token", got)
	}
}
