package search_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pulse-social/pulse/ent"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/pulsetest"
	"github.com/pulse-social/pulse/services/search"
)

// Postgres looks at the newest 2,000 posts first, at more while they promise enough, and asks the index for the rest. Whichever of
// these finds a post, all are found, once, and in order.
func TestWordsFarBeyondTheNewest(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	d := open(t, p)
	ada := p.User(t, "ada")
	// So many that each word is on a page that lies whole among the newest, on some that do not, and on the last.
	const posts = 6_000
	every := map[string]int{"often": 10, "seldom": 90, "hardly": 1_000, "once": posts}
	want := map[string][]int64{}
	oldest := id.At(time.Now().Add(-time.Hour))
	texts := slices.Repeat([]string{"word"}, posts)
	for n := range texts {
		for word, step := range every {
			if n%step == 0 {
				texts[n] += " " + word
				want[word] = append(want[word], oldest+int64(n))
			}
		}
	}
	for from := 0; from < posts; from += 500 {
		d.write(t, "post", func(tx *store.Tx) error {
			rows := make([]*ent.PostCreate, 0, 500)
			for n := from; n < from+500; n++ {
				postID := oldest + int64(n)
				rows = append(rows, tx.Post.Create().SetID(postID).SetThreadID(postID).SetAuthorID(ada.ID).SetText(texts[n]))
			}
			return tx.Post.CreateBulk(rows...).Exec(t.Context())
		})
	}
	if err := search.Rebuild(t.Context(), d.For("search"), func(string, int, int) {}); err != nil {
		t.Fatal(err)
	}
	for word, ids := range want {
		slices.Reverse(ids)
		for _, size := range []int32{25, 100} {
			if got := all(t, ada.Client, &searchv1.SearchPostsRequest{Query: "word " + word, PageSize: size}); !slices.Equal(got, ids) {
				t.Errorf("%q in pages of %d: %d found, want %d: %v, want %v", word, size, len(got), len(ids), got, ids)
			}
		}
	}
}
