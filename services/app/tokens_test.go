package app_test

import (
	"context"
	"sync"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
)

// keptTokens is a token store that outlives a client, as one on disk would.
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
