package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/pulse-social/pulse/ent/migrations"
	"github.com/pulse-social/pulse/services/internal/cause"
)

// A SchemaError tells that the database has another schema than this program.
type SchemaError struct {
	// Database and Program are the versions of the newest migration that each has.
	Database, Program int64
}

// Error implements error.
func (e *SchemaError) Error() string {
	if e.Database > e.Program {
		return fmt.Sprintf("the database has schema %d, newer than this program's %d: start a newer Pulse", e.Database, e.Program)
	}
	return fmt.Sprintf("the database has schema %d, this program needs %d: run pulse migrate", e.Database, e.Program)
}

// versionTable is where goose records which migrations were applied.
const versionTable = goose.DefaultTablename

// Processes that migrate at once on Postgres look this often, and so many times, whether the one before has finished.
const (
	lockEverySeconds = 1
	lockTries        = 600
)

// lockPoll is how often a lock that another process has is tried.
const lockPoll = 20 * time.Millisecond

// Migrate brings the schema up to date and answers how many migrations it applied. Processes that migrate at once wait
// for each other: on Postgres by an advisory lock, on SQLite by a lock file beside the database.
func (s *Store) Migrate(ctx context.Context, log *slog.Logger) (int, error) {
	if s.engine == engineSQLite {
		lock := flock.New(s.file + ".migrating")
		if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
			return 0, fmt.Errorf("wait for another process to migrate: %w", err)
		}
		defer func() { _ = lock.Unlock() }() // Closing the file, at the latest at exit, frees it too.
	}
	db, err := s.migrator()
	if err != nil {
		return 0, err
	}
	if db != s.writer {
		defer func() { _ = db.Close() }() // Nothing is left to commit.
	}
	p, err := s.migrations(db)
	if err != nil {
		return 0, err
	}
	database, program, err := s.versions(ctx, p)
	switch {
	case err != nil:
		return 0, err
	case database > program:
		return 0, &SchemaError{Database: database, Program: program}
	case database == program:
		return 0, nil // Most starts need no lock, and wait for nobody's.
	}
	results, err := p.Up(ctx)
	if isPostgresCode(err, insufficientPrivilege) {
		return 0, fmt.Errorf("PULSE_DATABASE_URL: its user may not change the schema (%w): run pulse migrate as the owner of the tables", cause.Of(err))
	}
	if err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	for _, r := range results {
		log.InfoContext(ctx, "migrated", "version", r.Source.Version, "took", r.Duration.Round(time.Millisecond))
	}
	return len(results), nil
}

// CheckSchema fails with a [SchemaError] unless the database has exactly this program's schema.
func (s *Store) CheckSchema(ctx context.Context) error {
	p, err := s.migrations(s.writer)
	if err != nil {
		return err
	}
	database, program, err := s.versions(ctx, p)
	if err != nil {
		return err
	}
	if database != program {
		return &SchemaError{Database: database, Program: program}
	}
	return nil
}

// versions answers the newest migration that the database has, and the newest that the program knows.
func (s *Store) versions(ctx context.Context, p *goose.Provider) (database, program int64, err error) {
	for _, source := range p.ListSources() {
		program = max(program, source.Version)
	}
	exists := `SELECT COUNT(*) FROM sqlite_schema WHERE name = $1`
	if s.engine == enginePostgres {
		exists = `SELECT COUNT(to_regclass($1))`
	}
	var tables int
	if err := s.reader.QueryRowContext(ctx, exists, versionTable).Scan(&tables); err != nil {
		return 0, 0, fmt.Errorf("look for the schema's version: %w", err)
	}
	if tables == 0 {
		return 0, program, nil
	}
	err = s.reader.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM `+versionTable+` WHERE is_applied`).Scan(&database)
	if err != nil {
		return 0, 0, fmt.Errorf("read the schema's version: %w", err)
	}
	return database, program, nil
}

func (s *Store) migrations(db *sql.DB) (*goose.Provider, error) {
	if s.engine == engineSQLite {
		files, err := fs.Sub(migrations.SQLite, "sqlite")
		if err != nil {
			return nil, err
		}
		return goose.NewProvider(goose.DialectSQLite3, db, files)
	}
	files, err := fs.Sub(migrations.Postgres, "postgres")
	if err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockEverySeconds, lockTries))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
}
