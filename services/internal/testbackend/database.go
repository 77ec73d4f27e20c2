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
