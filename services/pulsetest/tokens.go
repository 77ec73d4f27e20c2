package pulsetest

import (
	"context"
	"sync"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
)

// Tokens is a token store that outlives a client, as one on disk would: for clients that are made anew after a restart.
// The zero value holds none.
type Tokens struct {
	mu     sync.Mutex
	tokens *identityv1.Tokens
}

// Load implements pulse.TokenStore.
func (k *Tokens) Load(context.Context) (*identityv1.Tokens, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.tokens, nil
}

// Save implements pulse.TokenStore.
func (k *Tokens) Save(_ context.Context, tokens *identityv1.Tokens) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tokens = tokens
	return nil
}

// Access answers the access token, for calls that a client does not make.
func (k *Tokens) Access(ctx context.Context) (string, error) {
	tokens, err := k.Load(ctx)
	return tokens.GetAccessToken(), err
}
