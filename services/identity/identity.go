// Package identity is the service for who calls: accounts, passwords, sessions and tokens.
package identity

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"connectrpc.com/connect/v2"

	"github.com/pulse-social/pulse/gen/pulse/identity/v1/identityv1connect"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/limit"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/internal/store"
)

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
	limits   *limit.Limiter
	tokens   auth.Config
	signer   *signer
	hasher   *hasher
	mailer   *mailer
	keyring  *keyring
	// providers are those that one may sign in with, by name.
	providers map[string]provider
	hints     *bus.Hints
	now       clock.Clock
	log       *slog.Logger
}

// New makes the service.
func New(c Config, d service.Deps) service.Service {
	if c.HashesAtOnce == 0 {
		c.HashesAtOnce = runtime.GOMAXPROCS(0)
	}
	h := &handler{
		db: d.DB, sessions: d.Sessions, limits: d.Limits, tokens: c.Tokens, hints: d.Hints, now: d.Now,
		hasher: newHasher(c), log: d.Log,
		keyring: &keyring{db: d.DB, configured: c.SealKeys, host: c.host()},
	}
	h.mailer = newMailer(c, d, h.keyring)
	h.signer = &signer{keyring: h.keyring}
	keys := &rotation{db: d.DB, signer: h.signer, life: c.SigningKeyLife, now: d.Now, log: d.Log}
	h.providers = newProviders(c, d.Now)
	return service.Service{
		Register: func(s *connect.Server) {
			identityv1connect.RegisterIdentityServiceHandler(s, h)
			identityv1connect.RegisterAdminServiceHandler(s, &admin{handler: h, apiKeys: d.APIKeys, verifier: d.Verifier})
			identityv1connect.RegisterAccountServiceHandler(s, &accounts{handler: h, stamps: d.Stamps})
		},
		Routes: map[string]http.Handler{
			"GET /.well-known/jwks.json":            jwks(d.Keys),
			"GET /.well-known/openid-configuration": c.discovery(),
			"GET " + unsubscribePath:                http.HandlerFunc(h.mailer.unsubscribe),
			"POST " + unsubscribePath:               http.HandlerFunc(h.mailer.unsubscribe),
		},
		Consumers: append(consumers(d.Sessions), apiKeysConsumer(d.APIKeys), hintsConsumer(d.Hints), eraseConsumer(d.Sessions), h.mailer.consumer(), notificationMails()),
		Start: func(ctx context.Context) error {
			if err := h.keyring.ensure(ctx); err != nil {
				return err
			}
			return keys.step(ctx)
		},
		Background: keys.run,
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
