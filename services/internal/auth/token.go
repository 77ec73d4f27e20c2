package auth

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"strconv"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"
	"github.com/maypok86/otter/v2"

	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
)

const (
	// sessionClaim is the session id, as OpenID Connect names it.
	sessionClaim = "sid"
	// roleClaim is the name of the role that the person had when the token was issued. It is for gateways: where it would
	// let somebody do more than a user, Pulse asks the database.
	roleClaim = "role"
)

// Sign makes an access token for a session, signed with the key of that id.
func (c Config) Sign(key ed25519.PrivateKey, keyID int64, p Principal, tokenID int64, now time.Time) (string, error) {
	token, err := jwt.NewBuilder().
		Issuer(c.Issuer).Audience([]string{Audience}).Subject(id.String(p.UserID)).
		Claim(sessionClaim, id.String(p.SessionID)).Claim(roleClaim, p.Role.String()).JwtID(id.String(tokenID)).
		IssuedAt(now).Expiration(now.Add(AccessTokenLife)).Build()
	if err != nil {
		return "", fmt.Errorf("build access token: %w", err)
	}
	headers := jws.NewHeaders()
	if err := headers.Set(jws.TypeKey, TokenType); err != nil {
		return "", err
	}
	if err := headers.Set(jws.KeyIDKey, id.String(keyID)); err != nil {
		return "", err
	}
	signed, err := jwt.Sign(token, jwt.WithKey(jwa.EdDSA(), key, jws.WithProtectedHeaders(headers)))
	if err != nil {
		return "", fmt.Errorf("sign access token: %w", err)
	}
	return string(signed), nil
}

// A Verifier checks access tokens and the sessions behind them.
type Verifier struct {
	config   Config
	keys     *Keys
	sessions *Sessions
	apiKeys  *APIKeys
	now      clock.Clock
	// verified remembers tokens whose signature was checked, for the check costs 50 us. It is bounded, and a token is
	// still checked for expiry and its session for life each time.
	verified *otter.Cache[string, verified]
}

type verified struct {
	principal Principal
	keyID     string
}

// NewVerifier makes a verifier.
func NewVerifier(c Config, keys *Keys, sessions *Sessions, apiKeys *APIKeys, now clock.Clock) *Verifier {
	return &Verifier{
		config: c, keys: keys, sessions: sessions, apiKeys: apiKeys, now: now,
		verified: otter.Must(&otter.Options[string, verified]{MaximumSize: 20_000}),
	}
}

// Verify answers whose access token or API key it is. The error is [ErrToken], [ErrRevoked], [ErrAPIKey], or that it cannot
// be checked now. The role of a person is that of the token: see [Verifier.CurrentRole].
func (v *Verifier) Verify(ctx context.Context, token string) (Principal, error) {
	if isAPIKey(token) && len(token) <= MaxTokenBytes {
		return v.apiKeys.verify(ctx, token)
	}
	return v.VerifyToken(ctx, token)
}

// VerifyToken is [Verifier.Verify] for access tokens alone.
func (v *Verifier) VerifyToken(ctx context.Context, token string) (Principal, error) {
	if len(token) > MaxTokenBytes {
		return Principal{}, ErrToken
	}
	known, ok := v.verified.GetIfPresent(token)
	if ok {
		// A key that was withdrawn must not live on in the cache.
		set, err := v.keys.Set(ctx, known.keyID)
		if err != nil {
			return Principal{}, err
		}
		_, ok = set.LookupKeyID(known.keyID)
	}
	if !ok {
		var err error
		if known, err = v.check(ctx, token); err != nil {
			return Principal{}, err
		}
		v.verified.Set(token, known)
	}
	if v.now().After(known.principal.ExpireTime.Add(skew)) {
		return Principal{}, ErrToken
	}
	return known.principal, v.sessions.Check(ctx, known.principal.SessionID)
}

// check decodes a token and checks its signature and claims.
func (v *Verifier) check(ctx context.Context, raw string) (verified, error) {
	message, err := jws.Parse([]byte(raw), jws.WithCompact())
	if err != nil || len(message.Signatures()) != 1 {
		return verified{}, ErrToken
	}
	headers := message.Signatures()[0].ProtectedHeaders()
	kid, hasKey := headers.KeyID()
	alg, hasAlg := headers.Algorithm()
	if typ, _ := headers.Type(); typ != TokenType || !hasKey || !hasAlg || alg != jwa.EdDSA() {
		return verified{}, ErrToken
	}
	set, err := v.keys.Set(ctx, kid)
	if err != nil {
		return verified{}, err
	}
	return v.parse(raw, kid, set)
}

// parse checks signature and claims against a set of keys.
func (v *Verifier) parse(raw, kid string, set jwk.Set) (verified, error) {
	token, err := jwt.Parse([]byte(raw),
		jwt.WithKeySet(set, jws.WithRequireKid(true)), jwt.WithIssuer(v.config.Issuer), jwt.WithAudience(Audience),
		jwt.WithClock(jwt.ClockFunc(v.now)), jwt.WithAcceptableSkew(skew),
		jwt.WithRequiredClaim(jwt.ExpirationKey), jwt.WithRequiredClaim(sessionClaim))
	if err != nil {
		return verified{}, ErrToken
	}
	subject, _ := token.Subject()
	userID, err := strconv.ParseInt(subject, 10, 64)
	if err != nil || userID <= 0 {
		return verified{}, ErrToken
	}
	var session string
	if err := token.Get(sessionClaim, &session); err != nil {
		return verified{}, ErrToken
	}
	sessionID, err := strconv.ParseInt(session, 10, 64)
	if err != nil || sessionID <= 0 {
		return verified{}, ErrToken
	}
	expires, _ := token.Expiration()
	p := Principal{UserID: userID, SessionID: sessionID, Role: claimedRole(token), ExpireTime: expires, Token: raw}
	return verified{principal: p, keyID: kid}, nil
}

// claimedRole answers the role that a token names; a user's when it names none, as those of before there were roles.
func claimedRole(token jwt.Token) Role {
	var name string
	if err := token.Get(roleClaim, &name); err != nil {
		return RoleUser
	}
	role, _ := ParseRole(name)
	return role
}
