package visibility

import (
	"context"
	"fmt"
	"strings"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent/post"
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
			looks := entsql.Table("sights")
			s.Prefix(entsql.Raw(withSights(chunk))).Join(looks).On(s.C(post.FieldID), looks.C("sight_id"))
			s.Select(looks.C("viewer_id"), looks.C("sight_id"))
			seenPosts(viewer{column: looks.C("viewer_id")})(s)
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

// withSights writes looks as a table. They are numbers: nobody else's text gets into the query.
func withSights(sights []Sight) string {
	var with strings.Builder
	with.WriteString("WITH sights (viewer_id, sight_id) AS (VALUES ")
	for i, s := range sights {
		if i > 0 {
			with.WriteString(", ")
		}
		fmt.Fprintf(&with, "(%d, %d)", s.ViewerID, s.PostID)
	}
	with.WriteString(")")
	return with.String()
}
