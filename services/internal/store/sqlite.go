package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	"modernc.org/sqlite"
)

// openSQLite opens one writing connection and a pool of reading ones. With a single writer that begins IMMEDIATE,
// transactions queue in the process instead of failing with SQLITE_BUSY; synchronous=FULL makes each commit durable.
func (s *Store) openSQLite(ctx context.Context, c Config, file string, tracing bool) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("PULSE_DATA_DIR: %w: name a folder that can be written", err)
	}
	s.file = file
	var err error
	if s.writer, err = openFile(sqliteDSN(file, writerCacheKiB, "_txlock", "immediate"), tracing); err != nil {
		return err
	}
	s.writer.SetMaxOpenConns(1)
	s.migrator = func() (*sql.DB, error) { return s.writer, nil }
	// The writer creates the file and turns on WAL before anybody reads.
	if err := pingUntilFree(ctx, s.writer); err != nil {
		return fmt.Errorf("cannot open the database %s: %w: check that it is a SQLite file of Pulse and can be written", file, err)
	}
	if s.reader, err = openFile(sqliteDSN(file, readerCacheKiB, "_pragma", "query_only(1)"), tracing); err != nil {
		return err
	}
	// More readers than the cores can keep busy only cost memory.
	readers := min(c.MaxConns, max(4, 2*runtime.GOMAXPROCS(0)))
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
	return nil
}

// Page caches of a connection. There are many that read; what theirs do not hold is in the system's cache of the file.
const (
	writerCacheKiB = 4096
	readerCacheKiB = 1024
)

// busyTimeout is how long a connection waits for another process's lock.
const busyTimeout = 5 * time.Second

// pingUntilFree opens the first connection. Two processes that turn WAL on in a new file at the same moment do not wait
// for each other as they do for everything else, so this does.
func pingUntilFree(ctx context.Context, db *sql.DB) error {
	for began := time.Now(); ; {
		err := db.PingContext(ctx)
		if err == nil || !IsUnavailable(err) || time.Since(began) > busyTimeout {
			return err
		}
		time.Sleep(lockPoll)
	}
}

// sqliteDSN answers the data source name of a file with the pragmas that every connection has.
func sqliteDSN(file string, cacheKiB int, key, value string) string {
	q := url.Values{
		"_pragma":      {fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", fmt.Sprintf("cache_size(-%d)", cacheKiB)},
		"_time_format": {"sqlite"},
	}
	q.Add(key, value)
	return "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + q.Encode()
}

func openFile(dsn string, tracing bool) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return openPool("sqlite", preparing{connector}, tracing), nil
}

// openPool opens a pool; when tracing, each statement becomes a span of the trace that it belongs to. What belongs to none
// that is recorded, such as the relay's look at the outbox, costs next to nothing. Durations are the spans' to tell: as
// metrics they would cost more than the spans do. system is the database as OpenTelemetry names it.
func openPool(system string, connector driver.Connector, tracing bool) *sql.DB {
	if !tracing {
		return sql.OpenDB(connector)
	}
	return otelsql.OpenDB(connector,
		otelsql.WithAttributes(attribute.String("db.system.name", system)),
		otelsql.WithMeterProvider(noop.NewMeterProvider()),
		otelsql.WithSpanOptions(otelsql.SpanOptions{
			OmitConnResetSession: true, OmitConnPrepare: true, OmitRows: true, OmitConnectorConnect: true, SpanFilter: isRecording,
		}))
}

// isRecording tells whether a statement belongs to a trace that is recorded.
func isRecording(ctx context.Context, _ otelsql.Method, _ string, _ []driver.NamedValue) bool {
	return trace.SpanFromContext(ctx).IsRecording()
}
