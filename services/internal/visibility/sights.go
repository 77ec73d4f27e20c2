package visibility

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/services/internal/store"
)

// viewer is who looks: a person, or whomever the row of a query names.
type viewer struct {
	id     int64
	column string
}

// anonymous tells that it is nobody who looks.
func (v viewer) anonymous() bool { return v == viewer{} }

// is tells that a column holds the viewer.
func (v viewer) is(column string) *entsql.Predicate {
	if v.column != "" {
		return entsql.ColumnsEQ(column, v.column)
	}
	return entsql.EQ(column, v.id)
}

// A Sight is one person's look at one post.
type Sight struct{ ViewerID, PostID int64 }

// sightsAtOnce bounds how many looks are asked about in one query.
const sightsAtOnce = 2000

// Sights answers which of the looks find a post that their viewer may see: for consumers, which ask for many people at
// once. Nobody among them is anonymous.
func (p *Policy) Sights(ctx context.Context, sights []Sight) (map[Sight]bool, error) {
	seen := make(map[Sight]bool, len(sights))
	for len(sights) > 0 {
		chunk := sights[:min(len(sights), sightsAtOnce)]
		sights = sights[len(chunk):]
		var found []struct {
			ViewerID int64 `sql:"viewer_id"`
			PostID   int64 `sql:"sight_id"`
		}
		err := p.db.Post.Query().Modify(func(s *entsql.Selector) {
			looks := JoinSights(s, chunk)
			s.Select(looks.C(SightsViewer), looks.C("sight_id"))
			SeenPostsBy(looks.C(SightsViewer))(s)
		}).Scan(ctx, &found)
		if err != nil {
			return nil, fmt.Errorf("look for posts of many viewers: %w", err)
		}
		for _, f := range found {
			seen[Sight(f)] = true
		}
	}
	return seen, nil
}

// SightsViewer is the column of the table that [JoinSights] joins which names who looks.
const SightsViewer = "viewer_id"

// JoinSights joins looks to a query of posts as a table: one row for each look at a post that is there, whether its viewer may
// see it or not.
func JoinSights(posts *entsql.Selector, sights []Sight) *entsql.SelectTable {
	pairs := make([][2]int64, len(sights))
	for i, s := range sights {
		pairs[i] = [2]int64{s.ViewerID, s.PostID}
	}
	looks := entsql.Table("sights")
	posts.Prefix(store.WithPairs(posts.Dialect(), "sights", SightsViewer, "sight_id", pairs)).
		Join(looks).On(posts.C(post.FieldID), looks.C("sight_id"))
	return looks
}
