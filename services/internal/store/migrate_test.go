package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/goleak"

	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/testwait"
)

// dieAt makes the test's own binary a process that migrates, and kills itself when it begins that statement.
const dieAt = "PULSE_TEST_DIE_AT_STATEMENT"

func TestMain(m *testing.M) {
	statement, err := strconv.Atoi(os.Getenv(dieAt))
	if err != nil {
		goleak.VerifyTestMain(m)
		return
	}
	// The trace that the statements belong to, which is the first of the spans.
	otel.SetTracerProvider(trace.NewTracerProvider(trace.WithSpanProcessor(&killer{left: 1 + statement})))
	ctx, span := otel.Tracer("migrate").Start(context.Background(), "migrate")
	defer span.End()
	s, err := store.Open(ctx, store.Config{DataDir: os.Getenv("PULSE_DATA_DIR"), DatabaseURL: os.Getenv("PULSE_DATABASE_URL"), MaxConns: 2},
		store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System, Tracing: true})
	if err == nil {
		_, err = s.Migrate(ctx, slog.New(slog.DiscardHandler))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // Nobody reads the span.
	}
}

// killer kills the process at a span, which is a statement: nothing in the process can tidy up.
type killer struct{ left int }

// OnStart implements [trace.SpanProcessor].
func (k *killer) OnStart(context.Context, trace.ReadWriteSpan) {
	if k.left--; k.left == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
}

// OnEnd implements [trace.SpanProcessor].
func (*killer) OnEnd(trace.ReadOnlySpan) {}

// Shutdown implements [trace.SpanProcessor].
func (*killer) Shutdown(context.Context) error { return nil }

// ForceFlush implements [trace.SpanProcessor].
func (*killer) ForceFlush(context.Context) error { return nil }

// A process is killed at every few statements of its migration; the next one finishes it, and the database is sound.
func TestAMigrationThatWasKilledIsFinishedByTheNextStart(t *testing.T) {
	t.Parallel()
	step, killed := 5, 0
	if testing.Short() {
		step = 29 // One process migrates here and one there: nothing for the race detector.
	}
	for statement := 1; ; statement += step {
		c := configFor(t)
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), dieAt+"="+strconv.Itoa(statement), "PULSE_DATA_DIR="+c.DataDir, "PULSE_DATABASE_URL="+c.DatabaseURL)
		out, err := child.CombinedOutput()
		if child.ProcessState.ExitCode() >= 0 {
			if err != nil {
				t.Fatalf("migrate: %v\n%s", err, out)
			}
			break // It had fewer statements than that.
		}
		killed++
		s := openWith(t, c)
		if err := s.CheckSchema(t.Context()); err != nil {
			t.Errorf("killed at statement %d: %v", statement, err)
		}
		if problems, _, err := s.Integrity(t.Context()); err != nil || len(problems) > 0 {
			t.Errorf("killed at statement %d: %v, %v", statement, problems, err)
		}
		if err := s.For("post").Write(t.Context(), func(tx *store.Tx) error { return insert(t.Context(), tx, tx.NewID()) }); err != nil {
			t.Errorf("killed at statement %d: %v", statement, err)
		}
	}
	if killed < 3 {
		t.Errorf("killed %d times, want some in the middle of the migration", killed)
	}
}

// A migration waits for a table that somebody else holds, for longer than any other statement may take.
func TestAMigrationMayTakeLongerThanAStatement(t *testing.T) {
	t.Parallel()
	c := configFor(t)
	if c.DatabaseURL == "" {
		t.Skip("statement timeouts are Postgres': task test:backends starts one")
	}
	c.StatementTimeout = 300 * time.Millisecond
	s := openUnmigrated(t, c, clock.System)
	other := openUnmigrated(t, store.Config{DatabaseURL: c.DatabaseURL, MaxConns: 2}, clock.System).Pools()["pulse"]
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), `CREATE TABLE posts (id bigint)`); err != nil {
		t.Fatal(err)
	}
	migrated := make(chan error, 1)
	go func() { _, err := s.Migrate(t.Context(), slog.New(slog.DiscardHandler)); migrated <- err }()
	testwait.Until(t, "the migration has waited for longer than a statement may", func() bool {
		var waiting bool
		err := other.QueryRowContext(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock' AND now() - query_start > interval '600 ms')`).Scan(&waiting)
		return err == nil && waiting
	})
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-migrated; err != nil {
		t.Error(err)
	}
}

func TestASchemaThatIsNotTheProgramsIsRefused(t *testing.T) {
	t.Parallel()
	s := openUnmigrated(t, configFor(t), clock.System)
	var schema *store.SchemaError
	if err := s.CheckSchema(t.Context()); !errors.As(err, &schema) || !strings.Contains(err.Error(), "run pulse migrate") {
		t.Errorf("empty database: got %v, want to be told to migrate", err)
	}
	log := slog.New(slog.DiscardHandler)
	if n, err := s.Migrate(t.Context(), log); err != nil || n == 0 {
		t.Fatalf("migrate: %d, %v", n, err)
	}
	if n, err := s.Migrate(t.Context(), log); err != nil || n != 0 {
		t.Errorf("migrate again: %d applied, %v, want none", n, err)
	}
	if err := s.CheckSchema(t.Context()); err != nil {
		t.Errorf("current schema: %v", err)
	}

	// What a newer program has left.
	_, err := writer(s).ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99990101000000, true)`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Migrate(t.Context(), log)
	for _, err := range []error{err, s.CheckSchema(t.Context())} {
		wantLine(t, err, "the database has schema 99990101000000, newer than this program's ")
	}
}

func TestTwoProcessesMigrateAtOnce(t *testing.T) {
	t.Parallel()
	c := configFor(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			s, err := store.Open(t.Context(), c, store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System})
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = s.Close() }()
			if _, err := s.Migrate(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

// writer is the pool that may write, for what no service would.
func writer(s *store.Store) *sql.DB {
	if db := s.Pools()["pulse_write"]; db != nil {
		return db
	}
	return s.Pools()["pulse"]
}
