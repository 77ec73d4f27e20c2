package store_test

import (
	"context"
	"database/sql"
	"io"
	"net"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/store"
)

// tripCounter is on the way to a server and counts how often its clients say something after an answer.
type tripCounter struct {
	listener net.Listener
	trips    atomic.Int64
	copies   sync.WaitGroup
}

// countTrips answers the address of a server with a counter before it.
func countTrips(t *testing.T, address string) (string, *tripCounter) {
	t.Helper()
	server, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	c := &tripCounter{}
	if c.listener, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	behind := server.Host
	c.copies.Go(func() { c.serve(behind) })
	t.Cleanup(func() {
		_ = c.listener.Close()
		c.copies.Wait()
	})
	server.Host = c.listener.Addr().String()
	return server.String(), c
}

func (c *tripCounter) serve(server string) {
	for {
		client, err := c.listener.Accept()
		if err != nil {
			return
		}
		backend, err := net.Dial("tcp", server)
		if err != nil {
			_ = client.Close()
			continue
		}
		var asked atomic.Bool
		c.copies.Go(func() {
			defer backend.Close()
			_, _ = io.Copy(told{backend, func() {
				if !asked.Swap(true) {
					c.trips.Add(1)
				}
			}}, client)
		})
		c.copies.Go(func() {
			defer client.Close()
			_, _ = io.Copy(told{client, func() { asked.Store(false) }}, backend)
		})
	}
}

// told tells of what is written.
type told struct {
	io.Writer
	tell func()
}

func (w told) Write(p []byte) (int, error) {
	w.tell()
	return w.Writer.Write(p)
}

func openPostgres(t *testing.T) (*store.DB, *tripCounter) {
	t.Helper()
	c := configFor(t)
	if c.DatabaseURL == "" {
		t.Skip("SQLite is no server")
	}
	c.MaxConns = 1
	var counter *tripCounter
	c.DatabaseURL, counter = countTrips(t, c.DatabaseURL)
	return openWith(t, c).For("post"), counter
}

// wantTrips fails when something never takes so many round trips. At first it may take more: statements are prepared, and a connection
// that was idle for a second is tried first.
func (c *tripCounter) wantTrips(t *testing.T, want int64, do func() error) {
	t.Helper()
	var took []int64
	for range 5 {
		before := c.trips.Load()
		if err := do(); err != nil {
			t.Fatal(err)
		}
		if took = append(took, c.trips.Load()-before); took[len(took)-1] == want {
			return
		}
	}
	t.Errorf("it took %v round trips, want %d", took, want)
}

func TestATransactionBeginsAndEndsWithItsStatements(t *testing.T) {
	t.Parallel()
	db, counter := openPostgres(t)
	counter.wantTrips(t, 2, func() error {
		return db.Write(t.Context(), func(tx *store.Tx) error {
			postID := tx.NewID()
			if err := insert(t.Context(), tx, postID); err != nil {
				return err
			}
			return tx.Emit(&busv1.PostCreated{PostId: postID})
		})
	})
}

func TestWhatIsLastGoesWithTheCommit(t *testing.T) {
	t.Parallel()
	db, counter := openPostgres(t)
	for _, emits := range []bool{true, false} {
		counter.wantTrips(t, 1, func() error {
			return db.Write(t.Context(), func(tx *store.Tx) error {
				postID := tx.NewID()
				tx.Last(inserted(tx, postID), texted(tx, postID, "other"))
				if !emits {
					return nil
				}
				return tx.Emit(&busv1.PostCreated{PostId: postID})
			})
		})
	}
}

func TestATransactionOfNothingAsksNothing(t *testing.T) {
	t.Parallel()
	db, counter := openPostgres(t)
	counter.wantTrips(t, 0, func() error {
		return db.Write(t.Context(), func(*store.Tx) error { return nil })
	})
}

// Values that go with the begin of a transaction are those that they are elsewhere.
func TestWhatATransactionBeginsWithIsReadAsUsual(t *testing.T) {
	t.Parallel()
	db, _ := openPostgres(t)
	const query = `SELECT true, 7::smallint, 8::int, 9::bigint, 0.5::float8, 'text', ''::text, '\x00ff'::bytea, NULL::bigint, NULL::text,
		'2026-11-30 12:00:00.123456+01'::timestamptz, '2026-11-30'::date, '{"a": [1]}'::jsonb, '{"a":1}'::json, 1.25::numeric,
		ARRAY[1,2]::bigint[], 'a b'::tsvector, 'ad0e2b3c-0000-4000-8000-000000000001'::uuid, to_tsquery('simple', 'a'), n
		FROM generate_series(1, $1::int) AS n`
	read := func(client interface {
		QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	},
	) (all [][]any) {
		rows, err := client.QueryContext(t.Context(), query, 3)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			row, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range row {
				into[i] = &row[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			all = append(all, row)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return all
	}
	want := read(db.Client)
	var first, second [][]any
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		first, second = read(tx.Client), read(tx.Client)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(want) != 3 || !reflect.DeepEqual(first, want) || !reflect.DeepEqual(second, want) {
		t.Errorf("outside a transaction\n%#v\nas its first statement\n%#v\nas its second\n%#v", want, first, second)
	}
}

// A commit that goes with the last statement and is refused is one that failed: nothing of it is there, and the connection serves on.
func TestACommitThatIsRefusedIsAnError(t *testing.T) {
	t.Parallel()
	db, _ := openPostgres(t)
	run := func(statement string) {
		t.Helper()
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.ExecContext(t.Context(), statement)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	run(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused at last'; END $$`)
	run(`CREATE CONSTRAINT TRIGGER refusal AFTER INSERT ON posts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()`)
	post := func(event bool) error {
		return db.Write(t.Context(), func(tx *store.Tx) error {
			postID := tx.NewID()
			if err := insert(t.Context(), tx, postID); err != nil || !event {
				return err
			}
			return tx.Emit(&busv1.PostCreated{PostId: postID})
		})
	}
	for _, event := range []bool{true, false} {
		if err := post(event); err == nil || !strings.Contains(err.Error(), "commit") || !strings.Contains(err.Error(), "refused at last") {
			t.Errorf("with an event %t: got %v, want that the commit was refused", event, err)
		}
	}
	if posts, events := db.Post.Query().CountX(t.Context()), db.OutboxEvent.Query().CountX(t.Context()); posts != 0 || events != 0 {
		t.Errorf("%d posts and %d events are there of commits that were refused", posts, events)
	}
	run(`DROP TRIGGER refusal ON posts`)
	if err := post(true); err != nil {
		t.Errorf("after it: %v", err)
	}
}

// A statement that fails is told as what it is, whether the begin or the commit went with it.
func TestAStatementThatFailsWithTheBeginOrTheCommit(t *testing.T) {
	t.Parallel()
	db, _ := openPostgres(t)
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.ExecContext(t.Context(), "SELECT 1/$1::int", 0)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "division by zero") {
		t.Errorf("with the begin: got %v, want the division", err)
	}
	var postID int64
	err = db.Write(t.Context(), func(tx *store.Tx) error {
		postID = tx.NewID()
		if err := insert(t.Context(), tx, postID); err != nil {
			return err
		}
		if err := tx.Emit(&busv1.PostCreated{PostId: postID}); err != nil {
			return err
		}
		_, err := tx.ExecContext(t.Context(), `CREATE UNIQUE INDEX only_one ON outbox_events ((1))`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(t.Context(), func(tx *store.Tx) error {
		postID = tx.NewID()
		if err := insert(t.Context(), tx, postID); err != nil {
			return err
		}
		return tx.Emit(&busv1.PostCreated{PostId: postID})
	})
	if err == nil || !strings.Contains(err.Error(), "only_one") {
		t.Errorf("with the commit: got %v, want the second event refused", err)
	}
	if posts, events := db.Post.Query().CountX(t.Context()), db.OutboxEvent.Query().CountX(t.Context()); posts != 1 || events != 1 {
		t.Errorf("%d posts and %d events, want one of each", posts, events)
	}
}
