package pulsetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/pulse-social/pulse/ent/migrations"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/testbackend"
)

// databaseFile is what the embedded database is called in the data folder.
const databaseFile = "pulse.db"

// migrated is an empty database of SQLite with all migrations, made once for all tests of a package: under the race detector the
// migrations would take most of the time of a test.
var migrated = sync.OnceValues(func() (content []byte, err error) {
	dir, err := os.MkdirTemp("", "pulsetest-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := migrate(store.Config{DataDir: dir, MaxConns: 2}); err != nil { // Which puts everything into the file.
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, databaseFile))
})

// migrate brings a database up to date and closes it.
func migrate(config store.Config) error {
	s, err := store.Open(context.Background(), config, store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System})
	if err != nil {
		return err
	}
	_, err = s.Migrate(context.Background(), slog.New(slog.DiscardHandler))
	if err = errors.Join(err, s.Close()); err != nil {
		return fmt.Errorf("migrate the database of tests: %w", err)
	}
	return nil
}

// databaseCopy makes a migrated database on the Postgres of the environment, empty without one. What it is copied from is named
// after the migrations, so that none of another schema is taken for it.
func databaseCopy(t testing.TB) string {
	t.Helper()
	sum := sha256.New()
	err := fs.WalkDir(migrations.Postgres, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := migrations.Postgres.ReadFile(path)
		fmt.Fprintf(sum, "%s %d\n%s", path, len(content), content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return testbackend.Copy(t, hex.EncodeToString(sum.Sum(nil)[:8]), func(url string) error {
		return migrate(store.Config{DatabaseURL: url, MaxConns: 2})
	})
}

// placeDatabase gives the Pulse a database that needs no migration, unless it has one.
func (p *Pulse) placeDatabase(t testing.TB) {
	t.Helper()
	file := filepath.Join(p.env["PULSE_DATA_DIR"], databaseFile)
	if _, err := os.Stat(file); err == nil {
		return
	}
	content, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, content, 0o600)); err != nil {
		t.Fatal(err)
	}
}
