package store

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
)

// sparing makes connections to Postgres that spare a transaction two round trips: BEGIN goes with its first statement, and COMMIT
// with its last, if that says so ([thenCommit]), as do those before it whose results nobody needs. Of a post's five trips these are two, and on both sides waking up for one takes
// longer than what it asks for.
type sparing struct{ driver.Connector }

// Connect implements [driver.Connector].
func (s sparing) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := s.Connector.Connect(ctx)
	if std, ok := conn.(*stdlib.Conn); err == nil && ok {
		return &sparingConn{Conn: std}, nil
	}
	return conn, err
}

type thenCommitKey struct{}

// thenCommit marks a call of a transaction as its last, before which others are to be run whose results nobody needs: nothing follows
// it but the commit, which it does itself. Whether that succeeded is told by the commit that follows all the same.
func thenCommit(ctx context.Context, before []Statement) context.Context {
	return context.WithValue(ctx, thenCommitKey{}, before)
}

// joined is what goes with a statement.
type joined struct {
	begins, ends bool
	before       []Statement
}

// A sparingConn joins statements. database/sql lets only one goroutine at a time use a connection.
type sparingConn struct {
	*stdlib.Conn

	tx *sparingTx // the one that runs, if any
}

// A sparingTx is a transaction that begins with its first statement.
type sparingTx struct {
	conn  *sparingConn
	ctx   context.Context //nolint:containedctx // [driver.Tx] gets none.
	begun pgx.Tx          // nil before the first statement
	// ended tells that a statement has committed it, and failed how that went.
	ended  bool
	failed error
}

// BeginTx implements [driver.ConnBeginTx].
func (c *sparingConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if o != (driver.TxOptions{}) {
		return c.Conn.BeginTx(ctx, o)
	}
	if c.Conn.Conn().IsClosed() {
		return nil, driver.ErrBadConn
	}
	c.tx = &sparingTx{conn: c, ctx: ctx}
	return c.tx, nil
}

// PrepareContext implements [driver.ConnPrepareContext]. The transaction has begun before its statements are run one by one.
func (c *sparingConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if c.tx != nil && c.tx.begun == nil {
		var err error
		if c.tx.begun, err = c.Conn.Conn().Begin(ctx); err != nil {
			return nil, err
		}
	}
	return c.Conn.PrepareContext(ctx, query)
}

// ExecContext implements [driver.ExecerContext].
func (c *sparingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	with := c.joins(ctx)
	if !with.begins && !with.ends {
		return c.Conn.ExecContext(ctx, query, args)
	}
	var tag pgconn.CommandTag
	err := c.join(ctx, with, query, args, func(results pgx.BatchResults) (err error) {
		tag, err = results.Exec()
		return err
	})
	return driver.RowsAffected(tag.RowsAffected()), err
}

// QueryContext implements [driver.QueryerContext].
func (c *sparingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	with := c.joins(ctx)
	if !with.begins && !with.ends {
		return c.Conn.QueryContext(ctx, query, args)
	}
	var rows *readRows
	err := c.join(ctx, with, query, args, func(results pgx.BatchResults) error {
		answered, err := results.Query()
		if err != nil {
			return err
		}
		rows, err = readAll(answered, c.Conn.Conn().TypeMap())
		return err
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// joins tells what goes with the next statement.
func (c *sparingConn) joins(ctx context.Context) joined {
	if c.tx == nil || c.tx.ended {
		return joined{}
	}
	before, ends := ctx.Value(thenCommitKey{}).([]Statement)
	return joined{c.tx.begun == nil, ends, before}
}

// join sends a statement with what goes with it, and has read take its results.
func (c *sparingConn) join(ctx context.Context, with joined, query string, args []driver.NamedValue, read func(pgx.BatchResults) error) error {
	conn, batch, values := c.Conn.Conn(), &pgx.Batch{}, make([]any, len(args))
	for i, arg := range args {
		values[i] = arg.Value
	}
	if with.begins {
		batch.BeginTx(pgx.TxOptions{})
	}
	for _, s := range with.before {
		batch.Queue(s.Query, s.Args...)
	}
	batch.Queue(query, values...)
	if with.ends {
		batch.Queue("commit")
	}
	results := conn.SendBatch(ctx, batch)
	var err error
	answers := len(with.before)
	if with.begins {
		answers++
	}
	for ; err == nil && answers > 0; answers-- {
		_, err = results.Exec()
	}
	if err == nil {
		err = read(results)
	}
	if with.ends && err == nil {
		c.tx.ended = true
		c.tx.failed = committed(results.Exec())
	}
	closed := results.Close()
	if with.begins {
		c.tx.begun = results.Tx()
	}
	switch {
	case c.tx.ended:
		c.tx.failed = errors.Join(c.tx.failed, differs(closed, c.tx.failed))
	case err == nil:
		err = closed
	case pgconn.SafeToRetry(err):
		err = driver.ErrBadConn // So that nobody uses the connection any more.
	}
	return err
}

// committed tells how a commit went. Postgres rolls back, and calls it no error, when something in the transaction had failed.
func committed(tag pgconn.CommandTag, err error) error {
	if err == nil && tag.String() == "ROLLBACK" {
		return pgx.ErrTxCommitRollback
	}
	return err
}

// differs answers err unless it is known already.
func differs(err, known error) error {
	if errors.Is(err, known) {
		return nil
	}
	return err
}

// Commit implements [driver.Tx].
func (t *sparingTx) Commit() error {
	t.conn.tx = nil
	switch {
	case t.ended:
		return t.failed
	case t.begun == nil:
		return nil // It did nothing.
	}
	return t.begun.Commit(t.ctx)
}

// Rollback implements [driver.Tx].
func (t *sparingTx) Rollback() error {
	t.conn.tx = nil
	if t.ended || t.begun == nil {
		return nil
	}
	if err := t.begun.Rollback(t.ctx); !errors.Is(err, pgx.ErrTxClosed) {
		return err
	}
	return nil // It failed to begin.
}

// readRows are rows that have been read: what goes with a statement is answered after them.
type readRows struct {
	columns []string
	rows    [][]driver.Value
}

// readAll reads rows to their end. Values become what they are elsewhere in database/sql, arrays their text among it.
func readAll(rows pgx.Rows, types *pgtype.Map) (*readRows, error) {
	defer rows.Close()
	read := &readRows{}
	for rows.Next() {
		fields := rows.FieldDescriptions()
		row := make([]driver.Value, len(fields))
		for i, raw := range rows.RawValues() {
			var err error
			if row[i], err = valueOf(types, fields[i], raw); err != nil {
				return nil, err
			}
		}
		read.rows = append(read.rows, row)
	}
	for _, field := range rows.FieldDescriptions() {
		read.columns = append(read.columns, field.Name)
	}
	return read, rows.Err()
}

func valueOf(types *pgtype.Map, field pgconn.FieldDescription, raw []byte) (driver.Value, error) {
	if raw == nil {
		return nil, nil
	}
	known, ok := types.TypeForOID(field.DataTypeOID)
	switch {
	case !ok && field.Format == pgx.TextFormatCode:
		return string(raw), nil
	case !ok:
		return bytes.Clone(raw), nil
	}
	if _, isArray := known.Codec.(*pgtype.ArrayCodec); !isArray || field.Format == pgx.TextFormatCode {
		return known.Codec.DecodeDatabaseSQLValue(types, field.DataTypeOID, field.Format, raw)
	}
	array, err := known.Codec.DecodeValue(types, field.DataTypeOID, field.Format, raw)
	if err != nil {
		return nil, err
	}
	text, err := types.Encode(field.DataTypeOID, pgx.TextFormatCode, array, nil)
	return string(text), err
}

// Columns implements [driver.Rows].
func (r *readRows) Columns() []string { return r.columns }

// Close implements [driver.Rows].
func (*readRows) Close() error { return nil }

// Next implements [driver.Rows].
func (r *readRows) Next(dest []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	copy(dest, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}
