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
	s, err := store.Open(t.Context(), store.Config{DataDir: t.TempDir(), MaxConns: 2}, store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	_, err = s.Migrate(t.Context(), slog.New(slog.DiscardHandler))
	must(t, err)
	live, ended := newSession(t, s, false), newSession(t, s, true)

	redis := miniredis.RunT(t)
	k, err := kv.Open(t.Context(), kv.Config{URL: "redis://" + redis.Addr(), Timeout: time.Second})
	must(t, err)
	t.Cleanup(k.Close)
	sessions := auth.NewSessions(s.For("auth"), k, clock.System)
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
