package testbackend

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // The driver "pgx".
)

// Database makes an empty database on the Postgres of the environment, drops it when the test has ended, and answers its
// URL, empty without a Postgres.
func Database(t testing.TB) string {
	t.Helper()
	return database(t, "")
}

// Copy is [Database] with what prepare puts into a database. Prepare runs once: the database it filled stays on the server under
// the name of key, for all tests of all processes that ask for the same.
func Copy(t testing.TB, key string, prepare func(url string) error) string {
	t.Helper()
	server := os.Getenv("PULSE_TEST_DATABASE_URL")
	if server == "" {
		return ""
	}
	template := "pulse_template_" + key
	if _, done := prepared.Load(template); !done {
		if err := keepTemplate(t.Context(), server, template, prepare); err != nil {
			t.Fatalf("prepare a database for tests: %v", err)
		}
		prepared.Store(template, true)
	}
	// Copied as files, it has the catalog's cache too, that each first connection would make anew (since Postgres 15 not the default).
	return database(t, " TEMPLATE "+template+" STRATEGY file_copy")
}

// prepared has the templates that this process knows to be there.
var prepared sync.Map

// templates is the advisory lock of whoever prepares a database; any number will do.
const templates = 7_302_917

// keepTemplate prepares a database of that name unless there is one. It is renamed when it is ready, so that half a one is none.
func keepTemplate(ctx context.Context, server, name string, prepare func(url string) error) (err error) {
	at, err := url.Parse(server)
	if err != nil {
		return err
	}
	db, err := sql.Open("pgx", server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1) // Locks are the connection's, which ends with this function.
	if _, err := db.ExecContext(ctx, "SELECT pg_advisory_lock($1)", templates); err != nil {
		return err
	}
	var there bool
	err = db.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there)
	if err != nil || there {
		return err
	}
	building := name + "_new"
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + building, "CREATE DATABASE " + building} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	at.Path = "/" + building
	if err := prepare(at.String()); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "ALTER DATABASE "+building+" RENAME TO "+name)
	return err
}

// database makes a database that goes with the test; how ends the statement that makes it.
func database(t testing.TB, how string) string {
	t.Helper()
	server := os.Getenv("PULSE_TEST_DATABASE_URL")
	if server == "" {
		return ""
	}
	at, err := url.Parse(server)
	if err != nil {
		t.Fatalf("PULSE_TEST_DATABASE_URL: %v", err)
	}
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatalf("PULSE_TEST_DATABASE_URL: %v", err)
	}
	name := "pulse_test_" + strings.ToLower(rand.Text())
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+name+how); err != nil {
		t.Fatalf("create a database for the test: %v", err)
	}
	t.Cleanup(func() {
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
		_ = db.Close()
	})
	at.Path = "/" + name
	return at.String()
}

// User makes a user of the Postgres who is a member of roles, drops it when the test has ended, and answers the URL of
// the database for that user.
func User(t testing.TB, database string, roles ...string) string {
	t.Helper()
	at, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	name, password := "pulse_test_"+strings.ToLower(rand.Text()), rand.Text()
	create := "CREATE ROLE " + name + " LOGIN PASSWORD '" + password + "'"
	if len(roles) > 0 {
		create += " IN ROLE " + strings.Join(roles, ", ")
	}
	Exec(t, database, create)
	t.Cleanup(func() { Exec(t, database, "DROP OWNED BY "+name, "DROP ROLE "+name) })
	at.User = url.UserPassword(name, password)
	return at.String()
}

// Exec runs statements on a Postgres.
func Exec(t testing.TB, database string, statements ...string) {
	t.Helper()
	db, err := sql.Open("pgx", database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, statement := range statements {
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}
