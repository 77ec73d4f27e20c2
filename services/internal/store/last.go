package store

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"
)

// A Statement changes rows of a database.
type Statement struct {
	// Query is its text, with $1 for the first of the arguments.
	Query string
	Args  []any
}

// StatementOf is the statement that a builder makes.
func StatementOf(builder entsql.Querier) Statement {
	query, args := builder.Query()
	return Statement{query, args}
}

// Statement builds one whose text the other builders cannot.
func (tx *Tx) Statement(build func(*entsql.Builder)) Statement {
	var b entsql.Builder
	b.SetDialect(tx.store.engine)
	build(&b)
	return StatementOf(b)
}

// Update begins to build an update of those rows of a table that all predicates match.
func (tx *Tx) Update(table string, where ...func(*entsql.Selector)) *entsql.UpdateBuilder {
	builder := entsql.Dialect(tx.store.engine)
	rows := builder.Select().From(builder.Table(table))
	for _, match := range where {
		match(rows)
	}
	return builder.Update(table).FromSelect(rows)
}

// Insert begins to build an insertion into columns of a table.
func (tx *Tx) Insert(table string, columns ...string) *entsql.InsertBuilder {
	return entsql.Dialect(tx.store.engine).Insert(table).Columns(columns...)
}

// Last has the transaction end with statements whose results nobody needs, in their order. What fn asks afterwards does not see
// what they do; when one fails, so does the transaction, after fn. On Postgres they, the events and the commit are one round trip.
func (tx *Tx) Last(statements ...Statement) { tx.last = append(tx.last, statements...) }

// Do runs statements now, in their order.
func (tx *Tx) Do(ctx context.Context, statements ...Statement) error {
	for _, s := range statements {
		if _, err := tx.driver.ExecContext(ctx, s.Query, s.Args...); err != nil {
			return err
		}
	}
	return nil
}

// finish does what is left for the end of the transaction.
func (tx *Tx) finish(ctx context.Context) error {
	all := append(tx.last, tx.outbox()...)
	if len(all) == 0 {
		return nil
	}
	if tx.store.IsPostgres() {
		end := len(all) - 1
		ctx, all = thenCommit(ctx, all[:end]), all[end:]
	}
	if err := tx.Do(ctx, all...); err != nil {
		return fmt.Errorf("write what is last: %w", err)
	}
	return nil
}
