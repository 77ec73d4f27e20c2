package testbackend

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // The driver "pgx".
)

// Database makes an empty database on the Postgres of the environment, drops it when the test has ended, and answers its
// URL, empty without a Postgres.
func Database(t testing.TB) string {
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
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
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
