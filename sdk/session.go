package pulse

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect/v2"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/gen/pulse/identity/v1/identityv1connect"
)

// refreshMargin is how long before its expiry an access token is refreshed: longer than a call takes on its way.
const refreshMargin = 30 * time.Second

// session adds the access token to calls and keeps it fresh. The store alone holds the tokens, so that several
// clients and processes may share a session.
type session struct {
	store    TokenStore
	exchange func(ctx context.Context, refreshToken string) (*identityv1.Tokens, error)

	// skewed is set when tokens that were just issued look expired: the clock here is wrong, and only the server can
	// tell when a token has expired.
	skewed atomic.Bool

	storing sync.Mutex // held to change the store

	mu     sync.Mutex
	flight *refreshFlight // the refresh under way, nil when there is none
}

// around adds the access token to a call, and repeats the call once if the server refuses that token.
func (s *session) around(ctx context.Context, spec connect.Spec, call func() error) error {
	if needsNoSession(spec.Procedure) || requestHeader(ctx).Has(authorizationHeader) {
		return call()
	}
	tokens, err := s.fresh(ctx)
	if err != nil {
		return err
	}
	if tokens == nil {
		return call()
	}
	err = withToken(ctx, tokens, call)
	switch ReasonOf(err) {
	case errorsv1.Reason_REASON_SESSION_REVOKED:
		return s.forget(ctx, tokens, err)
	case errorsv1.Reason_REASON_ACCESS_TOKEN_INVALID:
		return s.repeat(ctx, tokens, call, err)
	default:
		return err
	}
}

// repeat makes a call again that failed because its access token was refused.
func (s *session) repeat(ctx context.Context, refused *identityv1.Tokens, call func() error, failure error) error {
	if refused.GetRefreshToken() == "" {
		return failure
	}
	tokens, err := s.refresh(ctx, refused)
	if err != nil {
		return err
	}
	if tokens == nil { // logged out in the meantime
		return failure
	}
	return withToken(ctx, tokens, call)
}

// fresh answers tokens for a call, refreshed if they are about to expire; nil when the client is not signed in.
func (s *session) fresh(ctx context.Context) (*identityv1.Tokens, error) {
	tokens, err := s.load(ctx)
	if err != nil || tokens == nil {
		return nil, err
	}
	if tokens.GetRefreshToken() == "" || s.skewed.Load() || !expiring(tokens) {
		return tokens, nil
	}
	refreshed, err := s.refresh(ctx, tokens)
	if err != nil && !endsSession(err) {
		// The old token may be good for a little longer; the server decides.
		return tokens, nil
	}
	return refreshed, err
}

func withToken(ctx context.Context, tokens *identityv1.Tokens, call func() error) error {
	defer lend(ctx, authorizationHeader, "Bearer "+tokens.GetAccessToken())()
	return call()
}

func expiring(tokens *identityv1.Tokens) bool {
	expiry := tokens.GetAccessExpireTime()
	return expiry != nil && time.Until(expiry.AsTime()) < refreshMargin
}

// needsNoSession tells whether a procedure begins or renews a session, or is for those who have none. A stale token would
// make such calls fail.
func needsNoSession(procedure string) bool {
	switch procedure {
	case identityv1connect.IdentityServiceRegisterProcedure,
		identityv1connect.IdentityServiceLogInProcedure,
		identityv1connect.IdentityServiceLogInWithSecondFactorProcedure,
		identityv1connect.IdentityServiceCompleteSignInProcedure,
		identityv1connect.IdentityServiceVerifyEmailProcedure,
		identityv1connect.IdentityServiceRequestPasswordResetProcedure,
		identityv1connect.IdentityServiceResetPasswordProcedure,
		identityv1connect.IdentityServiceRefreshProcedure:
		return true
	default:
		return false
	}
}

// endsSession tells whether no call with the tokens at hand can succeed any more.
func endsSession(err error) bool {
	switch ReasonOf(err) {
	case errorsv1.Reason_REASON_REFRESH_TOKEN_INVALID,
		errorsv1.Reason_REASON_REFRESH_TOKEN_REUSED,
		errorsv1.Reason_REASON_SESSION_REVOKED:
		return true
	default:
		return false
	}
}

func (s *session) load(ctx context.Context) (*identityv1.Tokens, error) {
	tokens, err := s.store.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("pulse: load tokens: %w", err)
	}
	return tokens, nil
}

func (s *session) save(ctx context.Context, tokens *identityv1.Tokens) error {
	s.storing.Lock()
	defer s.storing.Unlock()
	if err := s.store.Save(ctx, tokens); err != nil {
		return fmt.Errorf("pulse: save tokens: %w", err)
	}
	return nil
}
