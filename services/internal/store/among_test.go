package store_test

import (
	"slices"
	"testing"

	"github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/predicate"
	"github.com/pulse-social/pulse/services/internal/store"
)

// Lists of numbers find what they should, whatever their length, and on Postgres are one statement with one plan.
func TestListsOfNumbers(t *testing.T) {
	t.Parallel()
	c := configFor(t)
	c.MaxConns = 1
	db := openWith(t, c).For("post")
	const most = 1000
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		for n := range int64(most) {
			if err := insert(t.Context(), tx, n+1); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if db.Store().IsPostgres() {
		if _, err := db.ExecContext(t.Context(), "ANALYZE"); err != nil {
			t.Fatal(err)
		}
	}
	var all []int64
	for n := range int64(most) {
		all = append(all, n+1)
	}
	find := func(match predicate.Post) []int64 {
		t.Helper()
		ids, err := db.Post.Query().Where(match).IDs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(ids)
		return ids
	}
	for n := range 20 {
		few := []int64{int64(7 + n), 1 << 62, 3, 3, -1}
		if n%2 == 0 {
			few = few[:1]
		}
		want := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(few))), func(id int64) bool { return id < 1 || id > most })
		if got := find(post.IDIn(few...)); !slices.Equal(got, want) {
			t.Errorf("among %v: %v, want %v", few, got, want)
		}
	}
	if got := find(post.IDIn(all...)); !slices.Equal(got, all) {
		t.Errorf("%d of %d are among all", len(got), most)
	}
	if got := find(post.IDIn()); len(got) != 0 {
		t.Errorf("among none: %v", got)
	}
	wantKept(t, db, `SELECT "posts"."id" FROM "posts" WHERE "posts"."id" = ANY%`)
	if got := find(post.IDNotIn(all[1:]...)); !slices.Equal(got, all[:1]) {
		t.Errorf("not among the others: %v, want the first", got)
	}
	if got := find(post.IDNotIn()); len(got) != most {
		t.Errorf("not among none: %d, want all", len(got))
	}
	if got := find(post.And(post.Not(post.IDIn(all[5:]...)), post.AuthorIDNotIn(4711))); !slices.Equal(got, all[:5]) {
		t.Errorf("not (among the rest): %v, want the first five", got)
	}
}
