package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// keptStatements is how many prepared statements a connection keeps: more than there are that run often.
	keptStatements = 250
	// longestKept bounds the text of a statement that is kept. Longer ones list ids or rows, and hardly come again.
	longestKept = 16 << 10
)

// preparing makes connections that keep statements prepared. Neither database/sql nor the SQLite driver does so for
// statements that are run by their text, and parsing one anew took as long as running it.
type preparing struct{ driver.Connector }

// Connect implements [driver.Connector].
func (p preparing) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(fullConn)
	if !ok {
		return conn, nil
	}
	kept, err := simplelru.NewLRU(keptStatements, func(_ string, s *keptStatement) { s.evict() })
	return &preparedConn{fullConn: full, kept: kept}, err
}

// fullConn is what the SQLite driver's connections can do.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// A preparedConn keeps statements. database/sql lets only one goroutine at a time use a connection.
type preparedConn struct {
	fullConn

	kept *simplelru.LRU[string, *keptStatement]
}

// A keptStatement is prepared, and busy as long as the rows that it answered are open.
type keptStatement struct {
	stmt          driver.Stmt
	busy, evicted bool
}

// evict closes the statement, or has it closed with its rows.
func (s *keptStatement) evict() {
	s.evicted = true
	if !s.busy {
		_ = s.stmt.Close() // What is left of it goes with the connection.
	}
}

// statement answers the statement of a text, held for the caller; nil when it is not to be kept, or is busy.
func (c *preparedConn) statement(ctx context.Context, query string) (*keptStatement, error) {
	if len(query) > longestKept {
		return nil, nil
	}
	s, ok := c.kept.Get(query)
	if !ok {
		stmt, err := c.PrepareContext(ctx, query)
		if err != nil {
			return nil, err
		}
		s = &keptStatement{stmt: stmt}
		c.kept.Add(query, s)
	}
	if s.busy {
		return nil, nil
	}
	s.busy = true
	return s, nil
}

// done gives a statement back. One that failed is not used again.
func (c *preparedConn) done(query string, s *keptStatement, err error) {
	s.busy = false
	switch {
	case s.evicted:
		_ = s.stmt.Close()
	case err != nil:
		c.kept.Remove(query)
	}
}

// ExecContext implements [driver.ExecerContext].
func (c *preparedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.fullConn.ExecContext(ctx, query, args)
	}
	result, err := s.stmt.(driver.StmtExecContext).ExecContext(ctx, args)
	c.done(query, s, err)
	return result, err
}

// QueryContext implements [driver.QueryerContext].
func (c *preparedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.fullConn.QueryContext(ctx, query, args)
	}
	rows, err := s.stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		c.done(query, s, err)
		return nil, err
	}
	return &keptRows{Rows: rows, done: func(err error) { c.done(query, s, err) }}, nil
}

// Close implements [driver.Conn].
func (c *preparedConn) Close() error {
	c.kept.Purge()
	return c.fullConn.Close()
}

// keptRows give their statement back when they are closed.
type keptRows struct {
	driver.Rows

	done   func(error)
	failed error
}

// Next implements [driver.Rows].
func (r *keptRows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if err != nil && err != io.EOF { //nolint:errorlint // database/sql compares likewise.
		r.failed = err
	}
	return err
}

// Close implements [driver.Rows].
func (r *keptRows) Close() error {
	err := r.Rows.Close()
	if r.done != nil {
		r.done(errors.Join(r.failed, err))
		r.done = nil
	}
	return err
}
