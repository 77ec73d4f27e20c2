// Package auth knows who calls: it signs and checks access tokens and whether the session behind one still lives.
//
// Access tokens are JWTs for OAuth 2.0 (RFC 9068: typ at+jwt) signed with Ed25519 (RFC 8037) and nothing else. Every
// service checks them by itself with the public keys in the database.
package auth

import (
	"context"
	"errors"
	"time"
)

const (
	// AccessTokenLife is how long an access token is accepted.
	AccessTokenLife = 10 * time.Minute
	// skew is how far the clocks of two servers may differ.
	skew = 30 * time.Second
	// MaxTokenBytes bounds what is decoded at all.
	MaxTokenBytes = 8 << 10

	// TokenAlgorithm is the alg of every access token.
	TokenAlgorithm = "EdDSA"
	// TokenType is its typ.
	TokenType = "at+jwt"
	// Audience is its aud.
	Audience = "pulse"
)

// Config says whose tokens are accepted.
type Config struct {
	// Issuer is the iss of access tokens, the same in all processes of one Pulse.
	Issuer string `env:"PULSE_ISSUER" envDefault:"pulse" doc:"iss of access tokens, the same in all processes"`
	// RecentAuthentication is how long the proof of who calls is recent enough for what is risky.
	RecentAuthentication time.Duration `env:"PULSE_RECENT_AUTHENTICATION" envDefault:"10m" doc:"how long after a sign-in people may change password, e-mail address and the like without another proof of who they are"`
}

var (
	// ErrToken tells that an access token is not one of this server's, or not any more.
	ErrToken = errors.New("access token is not valid")
	// ErrRevoked tells that the session behind a valid token has ended.
	ErrRevoked = errors.New("session has ended")
)

// A Principal is who calls.
type Principal struct {
	// UserID is the person; 0 is nobody, an anonymous caller.
	UserID int64
	// SessionID is the session that the call belongs to.
	SessionID int64
	// APIKeyID is the API key of a program that calls as a service; 0 for people.
	APIKeyID int64
	// Role is what the caller may do. A person's that is more than a user's is the one they have at the time of the call.
	Role Role
	// ExpireTime is when the access token expires; zero for API keys.
	ExpireTime time.Time
	// Token is the access token or API key that said so, to be passed on to other services.
	Token string
}

// SignedIn tells whether a person calls who is known.
func (p Principal) SignedIn() bool { return p.UserID != 0 }

type principalKey struct{}

// WithPrincipal makes p the caller of everything under the context.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// Caller answers who calls; nobody, when nobody signed in.
func Caller(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey{}).(Principal)
	return p
}
