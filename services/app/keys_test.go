package app_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/app"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// shiftedClock is a clock that a test moves; it begins ten minutes ago, so that keys are old enough to take their turn.
type shiftedClock struct{ by atomic.Int64 }

func newShiftedClock() *shiftedClock {
	c := &shiftedClock{}
	c.advance(-10 * time.Minute)
	return c
}

func (c *shiftedClock) now() time.Time {
	return time.Now().Add(time.Duration(c.by.Load())).UTC().Truncate(time.Millisecond)
}

func (c *shiftedClock) advance(d time.Duration) { c.by.Add(int64(d)) }

// document answers a document of a Pulse.
func document(t *testing.T, p *pulsetest.Pulse, path, host string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: HTTP %d, %v", path, res.StatusCode, err)
	}
	return body
}

// published lists the ids of the keys that are published.
func published(t *testing.T, p *pulsetest.Pulse) []string {
	t.Helper()
	var set struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal(document(t, p, "/.well-known/jwks.json", ""), &set); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, key := range set.Keys {
		ids = append(ids, key.Kid)
	}
	return ids
}

// signedWith answers the key of an access token.
func signedWith(t *testing.T, tokens *identityv1.Tokens) string {
	t.Helper()
	head, _, _ := strings.Cut(tokens.GetAccessToken(), ".")
	decoded, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		t.Fatal(err)
	}
	var header struct{ Kid string }
	if err := json.Unmarshal(decoded, &header); err != nil {
		t.Fatal(err)
	}
	return header.Kid
}

func logIn(t *testing.T, p *pulsetest.Pulse, u *pulsetest.User) *identityv1.Tokens {
	t.Helper()
	answer, err := p.Client(t, pulse.WithMaxAttempts(1)).Identity.LogIn(t.Context(), &identityv1.LogInRequest{Login: u.Handle, Password: u.Password})
	if err != nil {
		t.Fatalf("log in: %v", err)
	}
	return answer.GetTokens()
}

// Calls and log-ins go on at a steady rate while keys are rotated, and none fails. Of many who rotate at once, one does.
func TestNoCallFailsOverARotation(t *testing.T) {
	t.Parallel()
	clock := newShiftedClock()
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now))
	ada := p.User(t, "ada")
	before := published(t, p)
	if len(before) != 2 {
		t.Fatalf("%d keys are published, want 2", len(before))
	}
	stop := make(chan struct{})
	var load sync.WaitGroup
	var calls atomic.Int64
	call := func() {
		if _, err := ada.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{}); err != nil {
			t.Errorf("a call: %v", err)
		}
		calls.Add(1)
	}
	load.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				call()
			}
		}
	})

	var rotated atomic.Int64
	var at sync.WaitGroup
	for range 5 {
		at.Go(func() {
			if app.RotateKeys(t.Context(), p.Config(t)) == nil {
				rotated.Add(1)
			}
		})
	}
	at.Wait()
	if rotated.Load() != 1 {
		t.Errorf("%d of five rotated, want one", rotated.Load())
	}
	old := logIn(t, p, ada)
	clock.advance(11 * time.Second) // Processes ask which key signs.
	fresh := logIn(t, p, ada)
	if got := signedWith(t, fresh); got != before[1] {
		t.Errorf("signed with %s, want the next key %s", got, before[1])
	}
	for name, tokens := range map[string]*identityv1.Tokens{"old": old, "fresh": fresh} {
		client := p.Client(t, pulse.WithMaxAttempts(1), pulse.WithTokens(&identityv1.Tokens{AccessToken: tokens.GetAccessToken()}))
		if _, err := client.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{}); err != nil {
			t.Errorf("a call with the %s key: %v", name, err)
		}
	}
	clock.advance(30 * time.Minute)
	testwait.Until(t, "the old key makes room for another", func() bool {
		now := published(t, p)
		return len(now) == 2 && !slices.Contains(now, before[0]) && now[0] == before[1]
	})
	close(stop)
	load.Wait()
	t.Logf("%d calls", calls.Load())
	if got := actions(t, p, idOf(t, before[1])); len(got) != 1 || got[0] != "signing_key.rotated" {
		t.Errorf("audited: %q", got)
	}
}

func idOf(t *testing.T, kid string) int64 {
	t.Helper()
	id, err := strconv.ParseInt(kid, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestKeysAreRotatedOnSchedule(t *testing.T) {
	t.Parallel()
	clock := newShiftedClock()
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now), pulsetest.WithEnv("PULSE_SIGNING_KEY_LIFE", "720h"))
	ada := p.User(t, "ada")
	before := published(t, p)
	clock.advance(29 * 24 * time.Hour)
	p.Restart(t, nil)
	if got := signedWith(t, logIn(t, p, ada)); got != before[0] {
		t.Errorf("after 29 days: signed with %s, want %s still", got, before[0])
	}
	clock.advance(2 * 24 * time.Hour)
	p.Restart(t, nil)
	if got := signedWith(t, logIn(t, p, ada)); got != before[1] {
		t.Errorf("after 31 days: signed with %s, want the next key %s", got, before[1])
	}
}

// A key that leaked is of no use within a minute, and people go on with the refresh tokens that they have.
func TestARevokedKeyIsRefused(t *testing.T) {
	t.Parallel()
	clock := newShiftedClock()
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now))
	ada := p.User(t, "ada")
	stolen := logIn(t, p, ada)
	before := published(t, p)
	if err := app.RevokeKey(t.Context(), p.Config(t), idOf(t, before[0])); err != nil {
		t.Fatal(err)
	}
	clock.advance(50 * time.Second)
	client := p.Client(t, pulse.WithMaxAttempts(1), pulse.WithTokens(&identityv1.Tokens{AccessToken: stolen.GetAccessToken()}))
	_, err := client.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{})
	if pulse.ReasonOf(err) != errorsv1.Reason_REASON_ACCESS_TOKEN_INVALID {
		t.Errorf("a token of the revoked key: %v", err)
	}
	if _, err := ada.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{}); err != nil {
		t.Errorf("who has a refresh token: %v", err)
	}
	if now := published(t, p); len(now) != 2 || now[0] != before[1] {
		t.Errorf("published are %q, want %s and another", now, before[1])
	}
	if err := app.RevokeKey(t.Context(), p.Config(t), 7); err == nil || !strings.Contains(err.Error(), "pulse keys list") {
		t.Errorf("revoke no key: %v", err)
	}
}

// The discovery document says where the keys are by the configuration, whatever host the request names.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_ISSUER", "https://id.example.org"), pulsetest.WithEnv("PULSE_API_URL", "https://api.example.org"))
	var said struct {
		Issuer string
		Keys   string   `json:"jwks_uri"`
		Algs   []string `json:"id_token_signing_alg_values_supported"`
	}
	if err := json.Unmarshal(document(t, p, "/.well-known/openid-configuration", "evil.example.org"), &said); err != nil {
		t.Fatal(err)
	}
	if said.Issuer != "https://id.example.org" || said.Keys != "https://api.example.org/.well-known/jwks.json" || !slices.Equal(said.Algs, []string{"EdDSA"}) {
		t.Errorf("%+v", said)
	}
}
