package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/otel/attribute"
	_ "modernc.org/sqlite" // The driver "sqlite".
)

// openSQLite opens one writing connection and a pool of reading ones. With a single writer that begins IMMEDIATE,
// transactions queue in the process instead of failing with SQLITE_BUSY; synchronous=FULL makes each commit durable.
func (s *Store) openSQLite(ctx context.Context, c Config, file string, tracing bool) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("PULSE_DATA_DIR: %w: name a folder that can be written", err)
	}
	s.file = file
	var err error
	if s.writer, err = openSQL("sqlite", sqliteDSN(file, writerCacheKiB, "_txlock", "immediate"), tracing); err != nil {
		return err
	}
	s.writer.SetMaxOpenConns(1)
	s.migrator = func() (*sql.DB, error) { return s.writer, nil }
	// The writer creates the file and turns on WAL before anybody reads.
	if err := pingUntilFree(ctx, s.writer); err != nil {
		return fmt.Errorf("cannot open the database %s: %w: check that it is a SQLite file of Pulse and can be written", file, err)
	}
	if s.reader, err = openSQL("sqlite", sqliteDSN(file, readerCacheKiB, "_pragma", "query_only(1)"), tracing); err != nil {
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

// openSQL opens a driver's pool; when tracing, each statement becomes a span.
func openSQL(driver, dsn string, tracing bool) (*sql.DB, error) {
	if !tracing {
		return sql.Open(driver, dsn)
	}
	return otelsql.Open(driver, dsn,
		otelsql.WithAttributes(attribute.String("db.system.name", driver)),
		otelsql.WithSpanOptions(otelsql.SpanOptions{OmitConnResetSession: true, OmitConnPrepare: true, OmitRows: true, OmitConnectorConnect: true}))
}
