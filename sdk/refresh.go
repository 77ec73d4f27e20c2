package pulse

import (
	"context"
	"errors"
	"fmt"
	"time"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
)

// refreshTimeout bounds a refresh with its retries. It is not bound to the deadline of any one call that waits for it.
const refreshTimeout = 30 * time.Second

// refreshFlight is a refresh that any number of calls wait for.
type refreshFlight struct {
	done   chan struct{} // closed when tokens and err are set
	tokens *identityv1.Tokens
	err    error
}

// refresh exchanges stale tokens for new ones. Calls that come while a refresh is under way share its outcome. The
// answer is nil without an error when the client was signed out in the meantime.
func (s *session) refresh(ctx context.Context, stale *identityv1.Tokens) (*identityv1.Tokens, error) {
	flight := s.joinRefresh(ctx, stale)
	select {
	case <-flight.done:
		return flight.tokens, flight.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *session) joinRefresh(ctx context.Context, stale *identityv1.Tokens) *refreshFlight {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight == nil {
		s.flight = &refreshFlight{done: make(chan struct{})}
		// Not canceled with ctx: the other calls still wait, and a refresh token that was used must not be lost.
		go s.fly(context.WithoutCancel(ctx), s.flight, stale)
	}
	return s.flight
}

func (s *session) fly(ctx context.Context, flight *refreshFlight, stale *identityv1.Tokens) {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	flight.tokens, flight.err = s.renew(ctx, stale)
	s.mu.Lock()
	s.flight = nil
	s.mu.Unlock()
	close(flight.done)
}

// renew asks the server for new tokens, unless the store holds others than the stale ones by now.
func (s *session) renew(ctx context.Context, stale *identityv1.Tokens) (*identityv1.Tokens, error) {
	stored, err := s.load(ctx)
	if err != nil || stored.GetAccessToken() != stale.GetAccessToken() {
		return stored, err
	}
	tokens, err := s.exchange(ctx, stored.GetRefreshToken())
	switch {
	case endsSession(err):
		return nil, s.forget(ctx, stale, err)
	case err != nil:
		return nil, err
	}
	s.skewed.Store(expiring(tokens))
	return s.replace(ctx, stale, tokens)
}

// forget drops tokens that are of no use any more and answers why they are not.
func (s *session) forget(ctx context.Context, useless *identityv1.Tokens, why error) error {
	if _, err := s.replace(ctx, useless, nil); err != nil {
		return errors.Join(why, err)
	}
	return why
}

// replace puts next into the store if it still holds old, and answers what it holds then: a log-in or log-out that
// came in between wins.
func (s *session) replace(ctx context.Context, old, next *identityv1.Tokens) (*identityv1.Tokens, error) {
	s.storing.Lock()
	defer s.storing.Unlock()
	stored, err := s.load(ctx)
	if err != nil || stored.GetAccessToken() != old.GetAccessToken() {
		return stored, err
	}
	if err := s.store.Save(ctx, next); err != nil {
		return nil, fmt.Errorf("pulse: save tokens: %w", err)
	}
	return next, nil
}
