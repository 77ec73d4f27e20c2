package timeline_test

import (
	"context"
	"net/http"
	"sync"
	"testing"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// graphUser is a person of a graph, with tokens that outlive the client.
type graphUser struct {
	*pulse.Client
	id     int64
	tokens *keptTokens
}

// shared is one pool of connections for all people: a thousand clients of their own would hold a thousand.
var shared = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}

func (u *graphUser) connect(t *testing.T, p *pulsetest.Pulse) {
	t.Helper()
	u.Client = p.Client(t, pulse.WithTokenStore(u.tokens), pulse.WithHTTPClient(shared))
}

// keptTokens is a token store in memory.
type keptTokens struct {
	mu     sync.Mutex
	tokens *identityv1.Tokens
}

// Load implements pulse.TokenStore.
func (k *keptTokens) Load(context.Context) (*identityv1.Tokens, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.tokens, nil
}

// Save implements pulse.TokenStore.
func (k *keptTokens) Save(_ context.Context, tokens *identityv1.Tokens) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tokens = tokens
	return nil
}
