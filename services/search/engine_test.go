package search

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/terms"
	"github.com/pulse-social/pulse/services/internal/testbackend"
)

// Postgres keeps one plan for all words and times of a statement that runs often, and it must be the one that asks the index: not
// one that looks at all documents of a span, of which it takes any to be short.
func TestThePlanThatIsKeptAsksTheIndex(t *testing.T) {
	t.Parallel()
	c := store.Config{DataDir: t.TempDir(), DatabaseURL: testbackend.Database(t), MaxConns: 1, StatementTimeout: 10e9}
	s, err := store.Open(t.Context(), c, store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if !s.IsPostgres() {
		return // SQLite plans without parameters.
	}
	if _, err := s.Migrate(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	db := s.For("search")
	err = db.Write(t.Context(), func(tx *store.Tx) error {
		documents := make([]*ent.SearchPostCreate, 2000)
		for i := range documents {
			text := document{text: terms.Texts(terms.Cut("one text of very many"))}
			documents[i] = tx.SearchPost.Create().SetID(int64(i + 1)).SetVersion(1).SetTerms(tsearch{}.encode(text))
		}
		return tx.SearchPost.CreateBulk(documents...).Exec(t.Context())
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"ANALYZE search_posts", "SET plan_cache_mode = force_generic_plan", "PREPARE found AS " + tsearch{}.index("search_posts"),
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := db.QueryContext(t.Context(), `EXPLAIN EXECUTE found('very', 1000, 1, 20)`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(plan, "\n"); !strings.Contains(all, "Bitmap Index Scan on search_posts_fts") {
		t.Errorf("the plan is\n%s", all)
	}
}
