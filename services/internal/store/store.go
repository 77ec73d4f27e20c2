// Package store is how services reach the database: reads through the ent client, writes in transactions that carry
// their events and answers with them ([DB.Write], [Answer]), and what differs between SQLite and Postgres, which is
// nowhere else but for full text, in package search.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	entgo "entgo.io/ent"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/ownership"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
)

const (
	engineSQLite   = dialect.SQLite
	enginePostgres = dialect.Postgres

	// owner is the name under which this package owns the outbox and its kin.
	owner = "store"
)

// A Store is an open database.
type Store struct {
	engine string
	file   string // of SQLite
	reader *sql.DB
	writer *sql.DB
	// stopGrowing stops what makes the writer's connections, where that is done aside.
	stopGrowing func()
	// migrator opens what migrations run on; it may be the writer.
	migrator func() (*sql.DB, error)
	ids      *id.Generator
	now      clock.Clock
	// outbox is the database as package store itself has it.
	outbox *DB
	// committed takes the events of each commit, without ever blocking the writer.
	committed chan []*ent.OutboxEvent
}

// Options are what a store needs besides its config.
type Options struct {
	// IDs draws the ids of events and records.
	IDs *id.Generator
	// Now is the clock.
	Now clock.Clock
	// Tracing is whether each statement becomes a span.
	Tracing bool
}

// Open opens the database and checks that it can be trusted with writes. The schema may still be an older one: see
// [Store.Migrate].
func Open(ctx context.Context, c Config, o Options) (*Store, error) {
	engine, where, err := c.source()
	if err != nil {
		return nil, err
	}
	s := &Store{engine: engine, ids: o.IDs, now: o.Now, committed: make(chan []*ent.OutboxEvent, committedKept)}
	if engine == engineSQLite {
		err = s.openSQLite(ctx, c, where, o.Tracing)
	} else {
		err = s.openPostgres(ctx, c, where, o.Tracing)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.outbox = s.For(owner)
	return s, nil
}

// Close closes the database. Nobody may use it any more.
func (s *Store) Close() error {
	var errs []error
	if s.stopGrowing != nil {
		s.stopGrowing()
	}
	for _, db := range []*sql.DB{s.writer, s.reader} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// Now answers the time by the clock of the store.
func (s *Store) Now() time.Time { return s.now() }

// IsPostgres tells whether the database is Postgres, and not SQLite: for what the two have no common SQL for.
func (s *Store) IsPostgres() bool { return s.engine == enginePostgres }

// Dialect answers how package sql of ent calls the database, for queries that are put together with it.
func (s *Store) Dialect() string { return s.engine }

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.reader.PingContext(ctx) }

// Pools answers the connection pools by name, for their statistics.
func (s *Store) Pools() map[string]*sql.DB {
	if s.reader == s.writer {
		return map[string]*sql.DB{"pulse": s.writer}
	}
	return map[string]*sql.DB{"pulse_read": s.reader, "pulse_write": s.writer}
}

// For answers the database as one service has it: it may read everything and change what it owns.
func (s *Store) For(service string) *DB {
	drv := entsql.OpenDB(s.engine, s.reader)
	client := ent.NewClient(ent.Driver(drv))
	client.Use(refuseMutation)
	return &DB{Client: client, store: s, writing: guarded(service)}
}

// guarded is a client, of no database yet, that changes only what service owns.
func guarded(service string) *ent.Client {
	client := ent.NewClient()
	client.Use(ownership.Guard(service, ent.Owners))
	return client
}

// refuseMutation is the hook of clients that only read.
func refuseMutation(entgo.Mutator) entgo.Mutator {
	return entgo.MutateFunc(func(_ context.Context, m entgo.Mutation) (entgo.Value, error) {
		return nil, fmt.Errorf("change of %s outside DB.Write", m.Type())
	})
}

// A DB is the database as one service has it. Its embedded client reads; all that writes is in [DB.Write].
type DB struct {
	*ent.Client
	store *Store
	// writing is what works in transactions, on each.
	writing *ent.Client
}

// Store answers the store behind it.
func (db *DB) Store() *Store { return db.store }

// txDriver is an ent driver on a transaction that somebody else commits.
type txDriver struct {
	entsql.Conn
	engine string
}

// Dialect implements [dialect.Driver].
func (d txDriver) Dialect() string { return d.engine }

// Close implements [dialect.Driver]; the transaction is not the driver's to close.
func (txDriver) Close() error { return nil }

// Tx implements [dialect.Driver]: what ent does in a transaction of its own joins the one there is.
func (d txDriver) Tx(context.Context) (dialect.Tx, error) { return dialect.NopTx(d), nil }
