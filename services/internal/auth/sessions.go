package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/kv"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	live  = "live"
	ended = "ended"

	// LiveKept is how long Redis says that a session lives without asking the database again.
	LiveKept = 10 * time.Second
	// endedKept is how long Redis says that a session has ended: longer than any of its access tokens is accepted.
	endedKept = AccessTokenLife + 2*skew
)

// Sessions tells whether sessions live.
type Sessions struct {
	liveness

	db  *store.DB
	now clock.Clock
}

// NewSessions makes the sessions of a database and its Redis.
func NewSessions(db *store.DB, k *kv.KV, now clock.Clock) *Sessions {
	s := &Sessions{db: db, now: now}
	s.liveness = liveness{kv: k, prefix: "session", inDatabase: s.inDatabase}
	return s
}

// Announced has announce called with the sessions that end from now on, so that what is open under them ends as well. It is
// for before the first does.
func (s *Sessions) Announced(announce func(sessionIDs ...int64)) *Sessions {
	s.announce = announce
	return s
}

// Check fails with [ErrRevoked] when a session has ended.
func (s *Sessions) Check(ctx context.Context, sessionID int64) error { return s.check(ctx, sessionID) }

func (s *Sessions) inDatabase(ctx context.Context, sessionID int64) (bool, error) {
	row, err := s.db.Session.Get(ctx, sessionID)
	if ent.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("check the session: %w", err)
	}
	return row.RevokedAt == nil && s.now().Before(row.ExpiresAt), nil
}

// AuthenticatedAt answers when the owner of a session last proved who they are: when they signed in, or after that.
func (s *Sessions) AuthenticatedAt(ctx context.Context, sessionID int64) (time.Time, error) {
	row, err := s.db.Session.Get(ctx, sessionID)
	if ent.IsNotFound(err) {
		return time.Time{}, ErrRevoked
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read the session: %w", err)
	}
	if row.AuthenticatedAt != nil {
		return *row.AuthenticatedAt, nil
	}
	return id.Time(row.ID), nil
}
