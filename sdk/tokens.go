package pulse

import (
	"context"
	"sync"

	"google.golang.org/protobuf/proto"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
)

// A TokenStore keeps the tokens of one session, for instance in a file or a keyring, so that it outlives the process.
// Its methods are called concurrently; Save is never called twice at once by one client. An error of either fails the
// call that needed the tokens.
type TokenStore interface {
	// Load answers the tokens that were saved last, or nil when there are none. It is called before every call that
	// may carry a token, so it should be quick. The client does not change the answer.
	Load(ctx context.Context) (*identityv1.Tokens, error)

	// Save keeps tokens in place of those before; nil means to forget them. The store must not change tokens.
	Save(ctx context.Context, tokens *identityv1.Tokens) error
}

// memory is the TokenStore of clients that are given none.
type memory struct {
	mu     sync.Mutex
	tokens *identityv1.Tokens
}

func newMemory(tokens *identityv1.Tokens) *memory {
	// A copy, for the caller may go on to use the message.
	return &memory{tokens: proto.CloneOf(tokens)}
}

func (m *memory) Load(context.Context) (*identityv1.Tokens, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tokens, nil
}

func (m *memory) Save(_ context.Context, tokens *identityv1.Tokens) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tokens = tokens
	return nil
}
