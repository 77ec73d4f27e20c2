package pulse_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

var errStore = errors.New("the disk is full")

// sharedStore is a store that a test reads and changes too, and that fails on demand.
type sharedStore struct {
	mu     sync.Mutex
	tokens *identityv1.Tokens
	err    error
}

func (s *sharedStore) Load(context.Context) (*identityv1.Tokens, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens, s.err
}

func (s *sharedStore) Save(_ context.Context, tokens *identityv1.Tokens) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.tokens = tokens
	}
	return s.err
}

func TestSignInAndOut(t *testing.T) {
	overEachTransport(t, func(t *testing.T, start func(*server, ...pulse.Option) *pulse.Client) {
		s := newServer()
		client := start(s)
		ctx := t.Context()
		if err := account(ctx, client); err != nil {
			t.Fatal(err)
		}
		registered, err := client.Register(ctx, &identityv1.RegisterRequest{Handle: "ada"})
		if err != nil || registered.GetHandle() != "ada" {
			t.Fatalf("Register = %v, %v", registered, err)
		}
		if err := account(ctx, client); err != nil {
			t.Fatal(err)
		}
		if _, err := client.LogIn(ctx, &identityv1.LogInRequest{Login: "ada"}); err != nil {
			t.Fatal(err)
		}
		if err := account(ctx, client); err != nil {
			t.Fatal(err)
		}
		if err := client.LogOut(ctx); err != nil {
			t.Fatal(err)
		}
		if err := account(ctx, client); err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"", "Bearer access-2", "Bearer access-3", ""} {
			if got := s.seen(getAccount)[i].authorization; got != want {
				t.Errorf("call %d: Authorization %q, want %q", i, got, want)
			}
		}
		if got := s.seen(logIn)[0].authorization; got != "" {
			t.Errorf("LogIn carried %q", got)
		}
		if got := s.seen(logOut)[0].authorization; got != "Bearer access-3" {
			t.Errorf("LogOut carried %q", got)
		}
	})
}

func TestLogOut(t *testing.T) {
	for _, tc := range []struct {
		name         string
		err          error
		wantCode     connect.Code // 0 for success
		wantSignedIn bool
	}{
		{"session revoked before", failure(connect.CodeUnauthenticated, "SESSION_REVOKED"), 0, false},
		{"server failed", failure(connect.CodeInternal, "INTERNAL"), connect.CodeInternal, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newServer()
			s.script = failing(1, tc.err)
			client := connectInProcess(t, s, pulse.WithTokens(s.pair(1)))
			if err := client.LogOut(t.Context()); err != nil && connect.CodeOf(err) != tc.wantCode || err == nil && tc.wantCode != 0 {
				t.Errorf("LogOut = %v, want code %v", err, tc.wantCode)
			}
			if signedIn, _ := client.SignedIn(t.Context()); signedIn != tc.wantSignedIn {
				t.Errorf("SignedIn = %v", signedIn)
			}
		})
	}
}

func TestLogOutTwice(t *testing.T) {
	s := newServer()
	client := connectInProcess(t, s)
	if err := client.LogOut(t.Context()); err != nil {
		t.Error(err)
	}
	if got := len(s.seen(logOut)); got != 0 {
		t.Errorf("%d calls of LogOut without a session", got)
	}
}

func TestCallersOwnAuthorization(t *testing.T) {
	s := newServer()
	client := connectInProcess(t, s, pulse.WithTokens(s.pair(0)))
	ctx, info := connect.NewClientContext(t.Context())
	info.RequestHeader().Set("Authorization", "Bearer access-1")
	if err := account(ctx, client); err != nil {
		t.Error(err)
	}
	if got := info.RequestHeader().Get("Authorization"); got != "Bearer access-1" {
		t.Errorf("the caller's header became %q", got)
	}
}

func TestStoreFails(t *testing.T) {
	s := newServer()
	store := &sharedStore{err: errStore}
	client := connectInProcess(t, s, pulse.WithTokenStore(store))
	if _, err := client.LogIn(t.Context(), &identityv1.LogInRequest{Login: "ada"}); !errors.Is(err, errStore) {
		t.Errorf("LogIn = %v, want the error of the store", err)
	}
	err := account(t.Context(), client)
	if failed, ok := errors.AsType[*pulse.Error](err); !ok || !errors.Is(err, errStore) || failed.Code != connect.CodeUnknown {
		t.Errorf("call = %v, want a typed error around that of the store", err)
	}
	if got := len(s.seen(getAccount)); got != 0 {
		t.Error("called without the tokens there may be")
	}
}
