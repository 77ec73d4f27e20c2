package store_test

import (
	"errors"
	"slices"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/services/internal/store"
)

// Pairs are a table of a query, whatever their number; and Postgres keeps the plan of a query that runs often. Planning takes it
// some times longer than looking for a few pairs.
func TestPairs(t *testing.T) {
	t.Parallel()
	c := configFor(t)
	c.MaxConns = 1
	db := openWith(t, c).For("post")
	const there = 4711
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		for n := range int64(1000) { // As many as make it worth to look at a few alone.
			if err := insert(t.Context(), tx, there+n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	name := db.Store().Dialect()
	look := func(pairs ...[2]int64) [][2]int64 {
		t.Helper()
		posts, looks := entsql.Dialect(name).Table(post.Table), entsql.Table("pairs")
		selected := entsql.Dialect(name).Select().Prefix(store.WithPairs(name, "pairs", "viewer", "object", pairs)).
			From(posts).Join(looks).On(posts.C(post.FieldID), looks.C("object"))
		query, args := selected.Select(looks.C("viewer"), posts.C(post.FieldID)).OrderBy(looks.C("viewer")).Query()
		rows, err := db.QueryContext(t.Context(), query, args...)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var found [][2]int64
		for rows.Next() {
			var pair [2]int64
			if err := rows.Scan(&pair[0], &pair[1]); err != nil {
				t.Fatal(err)
			}
			found = append(found, pair)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return found
	}
	if found := look(); len(found) != 0 {
		t.Errorf("no pair finds %v", found)
	}
	if name == dialect.Postgres {
		if _, err := db.ExecContext(t.Context(), "ANALYZE"); err != nil {
			t.Fatal(err)
		}
	}
	first, second := [2]int64{1, there}, [2]int64{1 << 60, there}
	if found := look(first, second, [2]int64{2, 5}); !slices.Equal(found, [][2]int64{first, second}) {
		t.Errorf("found %v, want what the first two pairs look at", found)
	}
	for range 20 {
		if found := look(first); !slices.Equal(found, [][2]int64{first}) {
			t.Fatalf("found %v, want what the pair looks at", found)
		}
	}
	wantKept(t, db, `WITH "pairs"%`)
}

// wantKept fails when Postgres has not one plan for all runs of the statements that are like a pattern, or makes a new one for most.
func wantKept(t *testing.T, db *store.DB, pattern string) {
	t.Helper()
	if !db.Store().IsPostgres() {
		return
	}
	rows, err := db.QueryContext(t.Context(), `SELECT COUNT(*), SUM(generic_plans), SUM(custom_plans) FROM pg_prepared_statements WHERE statement LIKE $1`, pattern)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var statements, kept, made int
	if !rows.Next() {
		t.Fatal("no row")
	}
	if err := errors.Join(rows.Scan(&statements, &kept, &made), rows.Err()); err != nil {
		t.Fatal(err)
	}
	if statements != 1 || kept < 10 {
		t.Errorf("%d statements were prepared, want one; a plan was kept %d times, and made %d times", statements, kept, made)
	}
}
