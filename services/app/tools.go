package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

// openStore opens the configured database for a tool, beside processes that may run on it.
func openStore(ctx context.Context, c Config) (*store.Store, error) {
	return store.Open(ctx, c.Store, store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System})
}

// openCurrentStore is openStore for tools that need this program's schema.
func openCurrentStore(ctx context.Context, c Config) (*store.Store, error) {
	s, err := openStore(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := s.CheckSchema(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Migrate brings the schema of the configured database up to date and answers how many migrations it applied. It waits for
// a database that is away as long as a start does.
func Migrate(ctx context.Context, c Config) (int, error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	var s *store.Store
	err := await(ctx, c.Process.StartTimeout,
		func() (err error) { s, err = openStore(ctx, c); return err },
		func(why error) { log.WarnContext(ctx, "the migration waits", "error", why) })
	if err != nil {
		return 0, err
	}
	applied, err := s.Migrate(ctx, log)
	return applied, errors.Join(err, s.Close())
}

// GrantRoles makes a Postgres role of each service, which may do what the service may, and answers their names. The schema
// has to be up to date.
func GrantRoles(ctx context.Context, c Config) ([]string, error) {
	s, err := openCurrentStore(ctx, c)
	if err != nil {
		return nil, err
	}
	var roles []string
	for _, name := range ServiceNames() {
		roles = append(roles, store.Role(name))
	}
	return roles, errors.Join(s.GrantRoles(ctx, ServiceNames()), s.Close())
}

// Letters are the dead letters of a database. They can be listed and replayed while Pulse runs, and while it does not:
// then they are sent at its next start.
type Letters struct{ store *store.Store }

// OpenLetters opens the dead letters of the configured database.
func OpenLetters(ctx context.Context, c Config) (*Letters, error) {
	s, err := openCurrentStore(ctx, c)
	if err != nil {
		return nil, err
	}
	return &Letters{store: s}, nil
}

// Close closes the database.
func (l *Letters) Close() error { return l.store.Close() }

// Letter is an event that a consumer gave up.
type Letter struct {
	ID        int64      `json:"id,string"`
	Consumer  string     `json:"consumer"`
	EventID   int64      `json:"event_id,string"`
	EventType string     `json:"event_type"`
	Since     time.Time  `json:"since"`
	Tries     int        `json:"tries"`
	Replayed  *time.Time `json:"replayed,omitempty"`
	Error     string     `json:"error"`
}

// List lists the dead letters of a consumer, or of all when it is empty, oldest first.
func (l *Letters) List(ctx context.Context, consumer string) ([]Letter, error) {
	rows, err := l.store.DeadLetters(ctx, consumer)
	if err != nil {
		return nil, err
	}
	letters := make([]Letter, len(rows))
	for i, row := range rows {
		letters[i] = Letter{
			ID: row.ID, Consumer: row.Consumer, EventID: row.EventID, EventType: row.Type,
			Since: id.Time(row.ID), Tries: row.Attempts, Replayed: row.ReplayedAt, Error: row.Error,
		}
	}
	return letters, nil
}

// Replay sends letters to their consumers again and answers how many.
func (l *Letters) Replay(ctx context.Context, ids []int64) (int, error) {
	return l.store.Replay(ctx, ids...)
}
