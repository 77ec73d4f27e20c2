package pulse_test

import (
	"strings"
	"testing"

	"connectrpc.com/connect/v2"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/gen/pulse/identity/v1/identityv1connect"
	"github.com/pulse-social/pulse/gen/pulse/post/v1/postv1connect"
	pulse "github.com/pulse-social/pulse/sdk"
)

// Procedures that the tests call.
const (
	createPost = postv1connect.PostServiceCreatePostProcedure
	getAccount = identityv1connect.IdentityServiceGetAccountProcedure
	logIn      = identityv1connect.IdentityServiceLogInProcedure
	logOut     = identityv1connect.IdentityServiceLogOutProcedure
	refresh    = identityv1connect.IdentityServiceRefreshProcedure
)

func TestNewClientRefuses(t *testing.T) {
	for _, tc := range []struct {
		name, url string
		opts      []pulse.Option
		want      string
	}{
		{"no scheme", "localhost:8080", nil, "has no http:// or https:// in front"},
		{"no host", "https:///v1", nil, "names no host"},
		{"malformed", "http://[::1", nil, "is malformed"},
		{"query", "http://localhost?x=1", nil, "holds more than a server's address"},
		{"no attempt", "http://localhost", []pulse.Option{pulse.WithMaxAttempts(0)}, "1 turns retries off"},
		{"no store", "http://localhost", []pulse.Option{pulse.WithTokenStore(nil)}, "leave the option out"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := pulse.NewClient(tc.url, tc.opts...)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("NewClient(%q) = %v, want an error that contains %q", tc.url, err, tc.want)
			}
		})
	}
}

func TestUserAgent(t *testing.T) {
	overEachTransport(t, func(t *testing.T, start func(*server, ...pulse.Option) *pulse.Client) {
		s := newServer()
		client := start(s, pulse.WithUserAgent("newsbot/1.2"))
		if _, err := client.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{}); err != nil {
			t.Fatal(err)
		}
		if got := s.seen(getAccount)[0].userAgent; got != "newsbot/1.2" {
			t.Errorf("User-Agent = %q", got)
		}
	})
}

// TestCallInfoStaysTheCallers reuses a context for two calls: nothing of the first may be left for the second.
func TestCallInfoStaysTheCallers(t *testing.T) {
	s := newServer()
	client := connectInProcess(t, s, pulse.WithTokens(s.pair(1)), pulse.WithUserAgent("newsbot/1.2"))
	ctx, info := connect.NewClientContext(t.Context())
	info.RequestHeader().Set("X-Own", "kept")
	for range 2 {
		post(ctx, t, client)
	}
	if got := info.RequestHeader().Len(); got != 1 {
		t.Errorf("%d request headers after the calls, want only the caller's", got)
	}
	if calls := s.seen(createPost); calls[0].key == calls[1].key {
		t.Error("two calls with one idempotency key")
	}
}
