package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync/atomic"
	"testing"

	"github.com/pulse-social/pulse/services/internal/testwait"
)

// slowServer makes a few connections at once, and more when it is told to.
type slowServer struct {
	driver.Connector
	atOnce int64
	made   atomic.Int64
	more   chan struct{}
}

func (s *slowServer) Connect(ctx context.Context) (driver.Conn, error) {
	if s.made.Add(1) <= s.atOnce {
		return idleConn{}, nil
	}
	select {
	case <-s.more:
		return idleConn{}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// idleConn is a connection on which nothing is run.
type idleConn struct{ driver.Conn }

func (idleConn) Close() error { return nil }

func take(t *testing.T, pool *sql.DB) *sql.Conn {
	t.Helper()
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestACallTakesWhatIsFreeWhileAConnectionIsMade(t *testing.T) {
	t.Parallel()
	server := &slowServer{atOnce: firstConns, more: make(chan struct{})}
	pool := sql.OpenDB(server)
	t.Cleanup(func() { _ = pool.Close() })
	t.Cleanup(growing(t.Context(), pool, firstConns+1))
	if made := server.made.Load(); made != firstConns {
		t.Errorf("%d connections were made before the first call, want %d", made, firstConns)
	}
	var held []*sql.Conn
	for range firstConns {
		held = append(held, take(t, pool))
	}
	got := make(chan *sql.Conn)
	go func() {
		conn, _ := pool.Conn(t.Context())
		got <- conn
	}()
	// The server is asked for one more, and takes its time.
	testwait.Until(t, "a connection to be made", func() bool { return server.made.Load() == firstConns+1 })
	_ = held[0].Close()
	conn := <-got
	if conn == nil {
		t.Fatal("the call got no connection")
	}
	_ = conn.Close()
}

func TestAPoolGrowsToItsLimitAndShrinksWithItsConnections(t *testing.T) {
	t.Parallel()
	const limit = firstConns + 3
	server := &slowServer{atOnce: 100}
	pool := sql.OpenDB(server)
	t.Cleanup(func() { _ = pool.Close() })
	t.Cleanup(growing(t.Context(), pool, limit))
	var held []*sql.Conn
	for range limit {
		held = append(held, take(t, pool))
	}
	if made := server.made.Load(); made != limit {
		t.Errorf("%d connections for %d calls", made, limit)
	}
	waits := pool.Stats().WaitCount
	late := make(chan *sql.Conn)
	go func() {
		conn, _ := pool.Conn(t.Context())
		late <- conn
	}()
	testwait.Until(t, "a call to wait", func() bool { return pool.Stats().WaitCount > waits })
	_ = held[0].Close()
	held[0] = <-late
	if s := pool.Stats(); s.OpenConnections != limit || s.MaxOpenConnections != limit {
		t.Errorf("%d connections of %d, want the limit of %d", s.OpenConnections, s.MaxOpenConnections, limit)
	}
	for _, conn := range held {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // The server has gone.
		_ = conn.Close()
	}
	testwait.Until(t, "calls to make few connections", func() bool { return pool.Stats().MaxOpenConnections == firstConns })
}
