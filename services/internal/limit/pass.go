package limit

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"sync"
	"time"

	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/kv"
)

const (
	passKey = "limit:pass"
	// passLife is how long a pass is used until Redis is asked for it again. One that Redis has lost is put back then.
	passLife = time.Minute
	// passRetry is how often Redis is asked at most because of a pass that is another.
	passRetry = time.Second
)

// A Pass is a secret that only the processes of one Pulse know, from their Redis: by it they know each other's calls, which
// were counted where they came in. It gives no other right.
type Pass struct {
	kv  *kv.KV
	now clock.Clock

	mu     sync.Mutex
	secret string
	asked  time.Time
}

// NewPass makes the pass that a Redis holds.
func NewPass(k *kv.KV, now clock.Clock) *Pass { return &Pass{kv: k, now: now} }

// Secret answers the secret; it is empty when Redis could not be asked for it yet.
func (p *Pass) Secret(ctx context.Context) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if age := p.now().Sub(p.asked); age >= passLife || p.secret == "" && age >= passRetry {
		p.refresh(ctx)
	}
	return p.secret
}

// Fits tells whether a call carries the secret.
func (p *Pass) Fits(ctx context.Context, carried string) bool {
	if carried == "" {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fits(carried) {
		return true
	}
	// It may be a newer one. Whoever tries some makes nobody ask more often.
	if p.now().Sub(p.asked) < passRetry {
		return false
	}
	p.refresh(ctx)
	return p.fits(carried)
}

func (p *Pass) fits(carried string) bool {
	return p.secret != "" && subtle.ConstantTimeCompare([]byte(p.secret), []byte(carried)) == 1
}

// refresh asks Redis for the secret, and gives it one when it has none.
func (p *Pass) refresh(ctx context.Context) {
	p.asked = p.now()
	proposed := p.secret
	if proposed == "" {
		proposed = rand.Text()
	}
	replies, err := p.kv.Replies(ctx, p.kv.B().Set().Key(passKey).Value(proposed).Nx().Build(), p.kv.B().Get().Key(passKey).Build())
	if err != nil {
		return // The one before is still good, if there is one.
	}
	if secret, err := replies[1].ToString(); err == nil {
		p.secret = secret
	}
}
