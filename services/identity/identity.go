// Package identity is the service for who calls: accounts, passwords, sessions and tokens.
package identity

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"connectrpc.com/connect/v2"

	"github.com/pulse-social/pulse/gen/pulse/identity/v1/identityv1connect"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/internal/store"
)

// Config says how people are signed in.
type Config struct {
	// Tokens says whose tokens these are.
	Tokens auth.Config
	// HashesAtOnce bounds how many passwords are hashed at once, so that many who log in do not slow those who read.
	HashesAtOnce int `env:"PULSE_PASSWORD_HASHES_AT_ONCE" envDefault:"0" doc:"how many passwords are hashed at once; 0: one for each core"`
	// HashQueue bounds how many more wait for that.
	HashQueue int `env:"PULSE_PASSWORD_HASH_QUEUE" envDefault:"64" doc:"how many log-ins may wait for a hash before more are refused"`
}

// Validate answers what is wrong with the settings.
func (c Config) Validate() error {
	switch {
	case c.HashesAtOnce < 0:
		return fmt.Errorf("PULSE_PASSWORD_HASHES_AT_ONCE=%d: set 0 or more", c.HashesAtOnce)
	case c.HashQueue < 0:
		return fmt.Errorf("PULSE_PASSWORD_HASH_QUEUE=%d: set 0 or more", c.HashQueue)
	case c.Tokens.Issuer == "":
		return fmt.Errorf("PULSE_ISSUER is empty: set a name or an https address, the same in all processes")
	}
	return nil
}

// How long sessions live.
const (
	// idleLife is how long a session lives without a refresh.
	idleLife = 14 * 24 * time.Hour
	// wholeLife is how long a session lives at most.
	wholeLife = 90 * 24 * time.Hour
	// successorLife is how long a refresh token that was used answers its successor again.
	successorLife = 10 * time.Second
)

// handler serves pulse.identity.v1.IdentityService.
type handler struct {
	db       *store.DB
	sessions *auth.Sessions
	tokens   auth.Config
	signer   *signer
	hasher   *hasher
	now      clock.Clock
}

// New makes the service.
func New(c Config, d service.Deps) service.Service {
	if c.HashesAtOnce == 0 {
		c.HashesAtOnce = runtime.GOMAXPROCS(0)
	}
	h := &handler{
		db: d.DB, sessions: d.Sessions, tokens: c.Tokens, now: d.Now,
		signer: &signer{db: d.DB}, hasher: newHasher(c.HashesAtOnce, c.HashQueue),
	}
	return service.Service{
		Register:  func(s *connect.Server) { identityv1connect.RegisterIdentityServiceHandler(s, h) },
		Routes:    map[string]http.Handler{"GET /.well-known/jwks.json": jwks(d.Keys)},
		Consumers: consumers(d.Sessions),
		Start:     func(ctx context.Context) error { return h.signer.ensure(ctx) },
	}
}

// jwks serves the public keys to whoever checks access tokens.
func jwks(keys *auth.Keys) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		set, err := keys.JWKS(r.Context())
		if err != nil {
			http.Error(w, "the keys cannot be read now: try again in a moment", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/jwk-set+json")
		w.Header().Set("Cache-Control", "public, max-age=60")
		_, _ = w.Write(set)
	})
}
