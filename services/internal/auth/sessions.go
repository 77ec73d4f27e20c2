package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/rueidis"

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

// Sessions tells whether sessions live. Redis is asked first; the database is where they live, and when Redis is away
// it alone is asked. It never assumes that a session lives.
type Sessions struct {
	db  *store.DB
	kv  *kv.KV
	now clock.Clock
}

// NewSessions makes the sessions of a database and its Redis.
func NewSessions(db *store.DB, k *kv.KV, now clock.Clock) *Sessions {
	return &Sessions{db: db, kv: k, now: now}
}

// Check fails with [ErrRevoked] when a session has ended.
func (s *Sessions) Check(ctx context.Context, sessionID int64) error {
	reply, err := s.kv.Do(ctx, s.kv.B().Get().Key(sessionKey(sessionID)).Build())
	if err == nil {
		if state, _ := reply.ToString(); state == live {
			return nil
		}
		return ErrRevoked
	}
	alive, dbErr := s.inDatabase(ctx, sessionID)
	if dbErr != nil {
		return dbErr
	}
	if !alive {
		return ErrRevoked
	}
	if rueidis.IsRedisNil(err) {
		// NX: a revocation that was committed after our look at the database has said so already, and stands.
		_, _ = s.kv.Do(ctx, s.kv.B().Set().Key(sessionKey(sessionID)).Value(live).Nx().Px(LiveKept).Build())
	}
	return nil
}

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

// End makes sessions that have ended in the database useless everywhere. Only when it returns nil may the end be
// acknowledged: until then Redis may still say for some seconds that they live.
func (s *Sessions) End(ctx context.Context, sessionIDs ...int64) error {
	if len(sessionIDs) == 0 {
		return nil
	}
	commands := make(rueidis.Commands, 0, len(sessionIDs))
	for _, sessionID := range sessionIDs {
		commands = append(commands, s.kv.B().Set().Key(sessionKey(sessionID)).Value(ended).Px(endedKept).Build())
	}
	return s.kv.DoMulti(ctx, commands...)
}

func sessionKey(sessionID int64) string { return "session:{" + id.String(sessionID) + "}" }
