package auth_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/kv"
	"github.com/pulse-social/pulse/services/internal/store"
)

// Without Redis the database is asked: a session that lives goes on, and one that has ended stays so.
func TestSessionsAreCheckedInTheDatabaseWhenRedisIsDown(t *testing.T) {
	t.Parallel()
	sessions, redis := withRedis(t)
	live, ended := newSession(t, sessions.store, false), newSession(t, sessions.store, true)
	for _, away := range []bool{false, true} {
		if away {
			redis.Close()
		}
		if err := sessions.Check(t.Context(), live); err != nil {
			t.Errorf("Redis away %t: a session that lives: %v", away, err)
		}
		if err := sessions.Check(t.Context(), ended); !errors.Is(err, auth.ErrRevoked) {
			t.Errorf("Redis away %t: a session that has ended: %v, want %v", away, err, auth.ErrRevoked)
		}
	}
}

// That Redis was away a moment ago, for which calls spare it for a second, does not keep a session's end from being known.
func TestAnEndIsToldToARedisThatComesBack(t *testing.T) {
	t.Parallel()
	sessions, redis := withRedis(t)
	one := newSession(t, sessions.store, false)
	redis.Close()
	must(t, sessions.Check(t.Context(), one))
	must(t, redis.Restart())
	must(t, sessions.End(t.Context(), one))
	if err := sessions.Check(t.Context(), one); !errors.Is(err, auth.ErrRevoked) {
		t.Errorf("Redis says %v of a session that was told to have ended, want %v", err, auth.ErrRevoked)
	}
	redis.Close()
	if err := sessions.End(t.Context(), one); err == nil {
		t.Error("an end that nobody can be told of is acknowledged")
	}
}

// sessions are those of a store.
type sessions struct {
	*auth.Sessions

	store *store.Store
}

// withRedis are sessions of an empty database, and the Redis that they tell.
func withRedis(t *testing.T) (sessions, *miniredis.Miniredis) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{DataDir: t.TempDir(), MaxConns: 2}, store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	_, err = s.Migrate(t.Context(), slog.New(slog.DiscardHandler))
	must(t, err)
	redis := miniredis.RunT(t)
	k, err := kv.Open(t.Context(), kv.Config{URL: "redis://" + redis.Addr(), Timeout: time.Second})
	must(t, err)
	t.Cleanup(k.Close)
	return sessions{auth.NewSessions(s.For("auth"), k, clock.System), s}, redis
}

// newSession writes a session that lives or has been revoked.
func newSession(t testing.TB, s *store.Store, revoked bool) (sessionID int64) {
	t.Helper()
	must(t, s.For("identity").Write(t.Context(), func(tx *store.Tx) error {
		sessionID = tx.NewID()
		create := tx.Session.Create().SetID(sessionID).SetUserID(1).SetDeviceName("").SetRefreshedAt(tx.Now).
			SetExpiresAt(tx.Now.Add(time.Hour)).SetEndsAt(tx.Now.Add(time.Hour))
		if revoked {
			create.SetRevokedAt(tx.Now)
		}
		return create.Exec(t.Context())
	}))
	return sessionID
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
