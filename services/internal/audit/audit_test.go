package audit_test

import (
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // The driver "pgx".
	_ "modernc.org/sqlite"             // The driver "sqlite".

	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/testbackend"
)

// open opens a database, for services and for somebody who changes it behind their back.
func open(t *testing.T) (*store.DB, *sql.DB) {
	t.Helper()
	c := store.Config{DataDir: t.TempDir(), DatabaseURL: testbackend.Database(t), MaxConns: 8, StatementTimeout: 10e9}
	s, err := store.Open(t.Context(), c, store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	_, err = s.Migrate(t.Context(), slog.New(slog.DiscardHandler))
	must(t, err)
	driver, source := "pgx", c.DatabaseURL
	if c.Embedded() {
		driver, source = "sqlite", "file:"+filepath.Join(c.DataDir, "pulse.db")+"?_pragma=busy_timeout(5000)"
	}
	behind, err := sql.Open(driver, source)
	must(t, err)
	t.Cleanup(func() { behind.Close() })
	return s.For("identity"), behind
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// write writes records about subjects 1 to n, in one transaction each.
func write(t *testing.T, db *store.DB, n int) {
	t.Helper()
	for subject := range n {
		must(t, db.Write(t.Context(), func(tx *store.Tx) error {
			audit.Record(t.Context(), tx, audit.RoleChanged, int64(subject+1), audit.Details{"from": "user", "to": "admin"})
			return nil
		}))
	}
}

func verify(t *testing.T, db *store.DB, head string) *audit.Report {
	t.Helper()
	report, err := audit.Verify(t.Context(), db, head)
	must(t, err)
	return report
}

// Many processes append at once, some of them in vain, and the chain has no gap.
func TestManyAppendToOneChain(t *testing.T) {
	t.Parallel()
	db, _ := open(t)
	if report := verify(t, db, ""); report.Records != 0 || len(report.Problems) > 0 {
		t.Errorf("an empty log: %+v", report)
	}
	var group sync.WaitGroup
	for n := range 20 {
		group.Go(func() {
			for range 5 {
				err := db.Write(t.Context(), func(tx *store.Tx) error {
					audit.Record(t.Context(), tx, audit.AccountLoggedIn, int64(n), nil)
					audit.Record(t.Context(), tx, audit.AccountLoggedOut, int64(n), nil)
					if n%4 == 0 {
						return fmt.Errorf("the act is refused")
					}
					return nil
				})
				if (err != nil) != (n%4 == 0) {
					t.Errorf("write: %v", err)
				}
			}
		})
	}
	group.Wait()
	if report := verify(t, db, ""); report.Records != 150 || len(report.Problems) > 0 {
		t.Errorf("%+v, want 150 sound records", report)
	}
}

func TestTheDatabaseRefusesToChangeRecords(t *testing.T) {
	t.Parallel()
	db, behind := open(t)
	write(t, db, 2)
	for _, statement := range []string{
		"UPDATE audit_records SET subject_id = 7", "UPDATE audit_records SET subject_id = 7 WHERE id = 1", "DELETE FROM audit_records WHERE id = 2",
	} {
		if _, err := behind.ExecContext(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v, want it refused", statement, err)
		}
	}
	must(t, db.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.AuditRecord.Update().Exec(t.Context()); err == nil {
			t.Error("a service may change records")
		}
		return nil
	}))
}

// Whoever gets around the database is found out, and the record is named.
func TestWhatWasDoneToTheLogIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		statements []string
		want       []string
	}{
		"altered":            {[]string{"UPDATE audit_records SET details = '{}' WHERE id = 3"}, []string{"record 3 ", "altered"}},
		"another time":       {[]string{"UPDATE audit_records SET at = (SELECT at FROM audit_records WHERE id = 1) WHERE id = 5"}, []string{"record 5 ", "altered"}},
		"another subject":    {[]string{"UPDATE audit_records SET subject_id = 9 WHERE id = 1"}, []string{"record 1 ", "altered"}},
		"another hash":       {[]string{"UPDATE audit_records SET hash = (SELECT hash FROM audit_records WHERE id = 1) WHERE id = 2"}, []string{"record 2 ", "altered"}},
		"missing":            {[]string{"DELETE FROM audit_records WHERE id = 4"}, []string{"record 4 is missing"}},
		"many missing":       {[]string{"DELETE FROM audit_records WHERE id IN (2, 3)"}, []string{"records 2 to 3 are missing"}},
		"the first missing":  {[]string{"DELETE FROM audit_records WHERE id = 1"}, []string{"record 1 is missing"}},
		"the last missing":   {[]string{"DELETE FROM audit_records WHERE id = 6"}, []string{"record 6 is missing"}},
		"all missing":        {[]string{"DELETE FROM audit_records"}, []string{"records 1 to 6 are missing"}},
		"put in at the end":  {[]string{insert(7)}, []string{"record 7 was put in"}},
		"put in before":      {[]string{insert(0)}, []string{"record 0 was put in"}},
		"put in for another": {[]string{"DELETE FROM audit_records WHERE id = 3", insert(3)}, []string{"record 3 ", "put in"}},
		"two swapped": {[]string{
			"UPDATE audit_records SET id = 100 WHERE id = 2", "UPDATE audit_records SET id = 2 WHERE id = 3", "UPDATE audit_records SET id = 3 WHERE id = 100",
		}, []string{"record 2 ", "record 3 "}},
		"the end cut off with its head": {[]string{
			"DELETE FROM audit_records WHERE id = 6", "UPDATE audit_heads SET record_id = 5, hash = (SELECT hash FROM audit_records WHERE id = 5)",
		}, []string{"the log ends at record 5"}},
		"everything anew": {[]string{"UPDATE audit_records SET hash = (SELECT hash FROM audit_records WHERE id = 1) WHERE id = 6"}, []string{"record 6 is not the one that the known head names"}},
		"another head":    {[]string{"UPDATE audit_heads SET hash = (SELECT hash FROM audit_records WHERE id = 1)"}, []string{"the head does not fit record 6"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, behind := open(t)
			write(t, db, 6)
			sound := verify(t, db, "")
			if len(sound.Problems) > 0 || sound.Records != 6 {
				t.Fatalf("before: %+v", sound)
			}
			for _, statement := range append(withoutTriggers(t), c.statements...) {
				if _, err := behind.ExecContext(t.Context(), statement); err != nil {
					t.Fatalf("%s: %v", statement, err)
				}
			}
			problems := strings.Join(verify(t, db, sound.Head).Problems, "\n")
			for _, want := range c.want {
				if !strings.Contains(problems, want) {
					t.Errorf("problems:\n%s\nwant %q", problems, want)
				}
			}
		})
	}
}

// insert is a statement that puts a record in.
func insert(place int) string {
	return fmt.Sprintf(`INSERT INTO audit_records (id, at, action, actor_kind, actor_id, subject_id, request_id, details, hash)
		SELECT %d, at, action, actor_kind, actor_id, 77, request_id, details, hash FROM audit_records WHERE id = 2`, place)
}

// withoutTriggers are the statements by which whoever owns the tables gets around their triggers.
func withoutTriggers(t *testing.T) []string {
	t.Helper()
	if testbackend.Database(t) != "" {
		return []string{"DROP TRIGGER audit_records_append_only ON audit_records"}
	}
	return []string{"DROP TRIGGER audit_records_no_update", "DROP TRIGGER audit_records_no_delete"}
}

func TestList(t *testing.T) {
	t.Parallel()
	db, _ := open(t)
	write(t, db, 5)
	places := func(f audit.Filter) (got []int64) {
		rows, err := audit.List(t.Context(), db, f)
		must(t, err)
		for _, row := range rows {
			got = append(got, row.ID)
		}
		return got
	}
	for name, c := range map[string]struct {
		filter audit.Filter
		want   []int64
	}{
		"the newest":  {audit.Filter{Limit: 2}, []int64{5, 4}},
		"before":      {audit.Filter{Limit: 2, Before: 4}, []int64{3, 2}},
		"of somebody": {audit.Filter{Limit: 9, SubjectID: 3}, []int64{3}},
		"of a kind":   {audit.Filter{Limit: 9, Action: string(audit.AccountDeleted)}, nil},
	} {
		if got := places(c.filter); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
