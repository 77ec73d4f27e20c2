package search_test

import (
	"slices"
	"testing"

	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/pulsetest"
	"github.com/pulse-social/pulse/services/search"
)

// What was lost or broken of the index is noticed by the check, and mended by a rebuild, while Pulse runs.
func TestRebuild(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	d := open(t, p)
	ada := p.User(t, "ada")
	post, other := write(t, ada, "needle"), write(t, ada, "hay")
	p.Settle(t)
	d.write(t, "search", func(tx *store.Tx) error {
		if err := tx.SearchPost.DeleteOneID(post).Exec(t.Context()); err != nil {
			return err
		}
		if err := tx.SearchPost.UpdateOneID(other).SetVersion(99).Exec(t.Context()); err != nil {
			return err
		}
		if err := tx.SearchPost.Create().SetID(7).SetVersion(1).SetTerms("needle").Exec(t.Context()); err != nil {
			return err
		}
		_, err := tx.SearchPerson.Delete().Exec(t.Context())
		return err
	})
	finds(t, ada.Client, "needle") // The document without a post is no hit.
	broken := func() int {
		results, err := p.App.Check(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, r := range results {
			n += r.Broken
		}
		return n
	}
	if got := broken(); got != 4 {
		t.Errorf("the check finds %d violations, want 4: a post that is missing, one of another version, one that is not there, and a person", got)
	}
	for range 2 { // Again is no harm.
		var told []string
		report := func(what string, done, total int) {
			if done == total {
				told = append(told, what)
			}
		}
		if err := search.Rebuild(t.Context(), d.For("search"), report); err != nil {
			t.Fatal(err)
		}
		if want := []string{"batches of posts", "batches of people", "batches of meetups"}; !slices.Equal(told, want) {
			t.Errorf("told of the end of %v, want %v", told, want)
		}
		finds(t, ada.Client, "needle", post)
		if got := handles(t, ada.Client, "ada"); !slices.Equal(got, []string{"ada"}) {
			t.Errorf("found %v, want ada", got)
		}
	}
	p.Settle(t)
	if got := found(t, ada.Client, &searchv1.SearchPostsRequest{Query: "hay"}); !slices.Equal(got, []int64{other}) {
		t.Errorf("found %v, want %d", got, other)
	}
}
