package store_test

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pulse-social/pulse/services/internal/store"
)

// TestALostConnectionIsUnavailable has what the driver answers when a Postgres was killed under it: callers may try again.
func TestALostConnectionIsUnavailable(t *testing.T) {
	t.Parallel()
	for _, lost := range []error{
		pgconn.ErrConnClosed, driver.ErrBadConn, io.ErrUnexpectedEOF, &pgconn.ConnectError{},
		&net.DNSError{Err: "no such host", Name: "postgres"}, &pgconn.PgError{Code: "57P02"},
	} {
		if !store.IsUnavailable(fmt.Errorf("begin: %w", lost)) {
			t.Errorf("%T %q is taken for an internal error", lost, fmt.Sprint(lost))
		}
	}
	for _, other := range []error{errors.New("conn closed"), &pgconn.PgError{Code: "42P01"}, io.EOF} {
		if store.IsUnavailable(other) {
			t.Errorf("%q is taken for an outage", other)
		}
	}
}
