package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/pulse-social/pulse/services/internal/cause"
	"github.com/pulse-social/pulse/services/internal/config"
)

// connectTimeout bounds making a connection to Postgres, unless connect_timeout in its URL does.
const connectTimeout = 5 * time.Second

// startTimeout bounds how long a start tries to reach Postgres: where many processes start at once, such as on a node that
// takes the place of another, its first connection may take longer than one that a call waits for should.
const startTimeout = 2 * connectTimeout

// connectionLife is after how long a connection is replaced, so that those with a former password, or to a server that
// has others beside it by now, come to an end.
const connectionLife = 30 * time.Minute

// connector connects with the user and password of the moment: they may change in the file that they came from.
func connector(pg *pgx.ConnConfig, c Config) driver.Connector {
	return stdlib.GetConnector(*pg, stdlib.OptionBeforeConnect(func(_ context.Context, next *pgx.ConnConfig) error {
		if c.DatabaseURLFile == "" {
			return nil
		}
		now, err := pgx.ParseConfig(config.Current(c.DatabaseURL, c.DatabaseURLFile))
		if err != nil {
			return fmt.Errorf("PULSE_DATABASE_URL_FILE=%s no longer holds a Postgres address", c.DatabaseURLFile)
		}
		next.User, next.Password = now.User, now.Password
		return nil
	}))
}

// openPostgres opens one pool for reads and writes.
func (s *Store) openPostgres(ctx context.Context, c Config, dsn string, tracing bool) error {
	pg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return errors.New("PULSE_DATABASE_URL is not a Postgres address: use postgres://user:password@host:5432/database")
	}
	pg.RuntimeParams["statement_timeout"] = strconv.FormatInt(c.StatementTimeout.Milliseconds(), 10)
	if pg.ConnectTimeout == 0 {
		pg.ConnectTimeout = connectTimeout // Without one, a port that accepts and says nothing would hang the start.
	}
	if pg.RuntimeParams["application_name"] == "" {
		pg.RuntimeParams["application_name"] = "pulse"
	}
	s.migrator = func() (*sql.DB, error) {
		unbounded := pg.Copy()
		unbounded.RuntimeParams["statement_timeout"] = "0" // An index on a large table takes its time.
		return openPool("postgresql", connector(unbounded, c), tracing), nil
	}
	s.writer = openPool("postgresql", paced(sparing{connector(pg, c)}), tracing)
	s.writer.SetConnMaxLifetime(connectionLife)
	s.reader = s.writer
	if err := reach(ctx, s.writer); err != nil {
		return fmt.Errorf("PULSE_DATABASE_URL: cannot use the Postgres at %s:%d: %w: check that it runs and that user, password and database are right", pg.Host, pg.Port, cause.Of(err))
	}
	s.stopGrowing = growing(ctx, s.writer, c.MaxConns)
	if c.UnsafeDurability {
		return nil
	}
	return s.refuseUnsafePostgres(ctx)
}

// reach makes the first connection. A server that refuses has given its answer; one that takes long is asked again.
func reach(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		err := db.PingContext(ctx)
		if err == nil || ctx.Err() != nil || !isTimeout(err) {
			return err
		}
	}
}

// isTimeout tells that nothing answered in time.
func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded)
}

// refuseUnsafePostgres fails when a crash of the database could lose what was acknowledged.
func (s *Store) refuseUnsafePostgres(ctx context.Context) error {
	rows, err := s.reader.QueryContext(ctx, `SELECT name FROM pg_settings
		WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY name`)
	if err != nil {
		return fmt.Errorf("read the durability settings of Postgres: %w", err)
	}
	defer rows.Close()
	var off []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		off = append(off, name)
	}
	if len(off) > 0 {
		return fmt.Errorf("this Postgres may lose acknowledged writes: %s is off: turn it on, or set PULSE_DATABASE_UNSAFE=true to accept the loss", strings.Join(off, ", "))
	}
	return rows.Err()
}

// insufficientPrivilege is the SQLSTATE of what a user may not do.
const insufficientPrivilege = "42501"

// isPostgresCode tells whether Postgres failed with one of the SQLSTATE codes
// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
func isPostgresCode(err error, codes ...string) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains(codes, pg.Code)
}

// isConnectionLost tells that the connection failed beneath a statement.
func isConnectionLost(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, pgconn.ErrConnClosed)
}
