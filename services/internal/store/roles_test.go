package store_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/testbackend"
)

var services = []string{"identity", "user", "post", "graph", "timeline"}

// postgres answers the URL of a migrated database on the Postgres of the tests.
func postgres(t *testing.T) (url string, s *store.Store) {
	t.Helper()
	c := configFor(t)
	if c.DatabaseURL == "" {
		t.Skip("roles are Postgres': task test:backends starts one")
	}
	return c.DatabaseURL, openWith(t, c)
}

func TestPostgresKeepsServicesToWhatTheyOwn(t *testing.T) {
	t.Parallel()
	url, s := postgres(t)
	for range 2 { // It may be repeated.
		if err := s.GrantRoles(t.Context(), services); err != nil {
			t.Fatal(err)
		}
	}
	// What a later migration adds has no grants, until the roles are granted again.
	testbackend.Exec(t, url, `ALTER TABLE merged_authors RENAME TO old`, `CREATE TABLE merged_authors (LIKE old INCLUDING ALL)`)
	if err := s.GrantRoles(t.Context(), services); err != nil {
		t.Fatal(err)
	}
	both, timeline, bystander := testbackend.User(t, url, store.Role("post"), store.Role("timeline")), testbackend.User(t, url, store.Role("timeline")), testbackend.User(t, url)
	for _, c := range []struct {
		as, statement string
		refused       bool
	}{
		{timeline, `UPDATE posts SET text = 'not mine'`, true},
		{timeline, `DELETE FROM posts`, true},
		{timeline, `SELECT * FROM posts`, false},
		{timeline, `INSERT INTO merged_authors (id) VALUES (1)`, false},
		{timeline, `DELETE FROM outbox_events`, false},
		{timeline, `SELECT password_hash FROM credentials`, true},
		{timeline, `SELECT * FROM refresh_tokens`, true},
		{timeline, `SELECT * FROM signing_secrets`, true},
		{timeline, `SELECT * FROM signing_keys`, false},
		{timeline, `SELECT * FROM goose_db_version`, false},
		{timeline, `DELETE FROM goose_db_version`, true},
		{timeline, `TRUNCATE merged_authors`, true},
		{timeline, `SELECT * FROM audit_records`, false},
		{timeline, `UPDATE audit_heads SET record_id = 0`, false},
		{timeline, `UPDATE audit_records SET action = 'nothing'`, true},
		{timeline, `DELETE FROM audit_records`, true},
		{timeline, `CREATE TABLE mine (id bigint)`, true},
		{both, `UPDATE posts SET text = 'mine'`, false},
		{both, `DELETE FROM follows`, true},
		{bystander, `SELECT * FROM posts`, true},
	} {
		err := try(t, c.as, c.statement)
		if refused := err != nil && strings.Contains(err.Error(), "42501"); refused != c.refused || !refused && err != nil {
			t.Errorf("%s: got %v, want refused: %v", c.statement, err, c.refused)
		}
	}
}

func TestAUserWithoutTheRightsOfTheServicesIsRefused(t *testing.T) {
	t.Parallel()
	url, s := postgres(t)
	if err := s.GrantRoles(t.Context(), services); err != nil {
		t.Fatal(err)
	}
	if err := s.CheckRights(t.Context(), services); err != nil {
		t.Errorf("owner of the tables: %v", err)
	}
	two := openWith(t, store.Config{DatabaseURL: testbackend.User(t, url, store.Role("post"), store.Role("identity")), MaxConns: 2})
	if err := two.CheckRights(t.Context(), []string{"identity", "post"}); err != nil {
		t.Errorf("member of both roles: %v", err)
	}
	wantLine(t, two.CheckRights(t.Context(), []string{"post", "graph"}), "its user may not change blocks, as service graph does: run pulse migrate --roles, and make the user a member of pulse_graph")
}

func try(t *testing.T, url, statement string) error {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(t.Context(), statement)
	return err
}

func TestGrantRolesSaysWhatItLacks(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		s := openWith(t, store.Config{DataDir: t.TempDir(), MaxConns: 2})
		wantLine(t, s.GrantRoles(t.Context(), services), "PULSE_DATABASE_URL is SQLite, which has no roles: use --roles with Postgres")
	})
	t.Run("Postgres", func(t *testing.T) {
		t.Parallel()
		url, _ := postgres(t)
		s, err := store.Open(t.Context(), store.Config{DatabaseURL: testbackend.User(t, url), MaxConns: 2}, store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		wantLine(t, s.GrantRoles(t.Context(), []string{"nobody"}), "its user cannot make and grant the role pulse_nobody")
	})
}

// wantLine fails the test unless the error is one line that has the text.
func wantLine(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one line with %q", err, text)
	}
}

// Whoever may use amcheck has the indexes checked, and to others a missing right is no broken index.
func TestIntegrityLooksAtIndexesWhereItMay(t *testing.T) {
	t.Parallel()
	url, s := postgres(t)
	testbackend.Exec(t, url, `CREATE EXTENSION amcheck`)
	if err := s.GrantRoles(t.Context(), services); err != nil {
		t.Fatal(err)
	}
	for name, as := range map[string]string{"superuser": url, "service": testbackend.User(t, url, store.Role("post"))} {
		s := openWith(t, store.Config{DatabaseURL: as, MaxConns: 2})
		if problems, checked, err := s.Integrity(t.Context()); err != nil || len(problems) > 0 || checked == 0 {
			t.Errorf("%s: %v after %d checks, %v, want no problems", name, problems, checked, err)
		}
	}
}
