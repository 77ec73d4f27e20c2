package visibility

import (
	"context"
	"fmt"
	"slices"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/event"
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

// A Sight is one person's look at one thing: a post, a message, a meetup, a person.
type Sight struct{ ViewerID, ObjectID int64 }

// SightsOf are one person's looks at things.
func SightsOf(viewer int64, objectIDs []int64) []Sight {
	sights := make([]Sight, len(objectIDs))
	for i, objectID := range objectIDs {
		sights[i] = Sight{ViewerID: viewer, ObjectID: objectID}
	}
	return sights
}

// UniqueSights answers each look once.
func UniqueSights(looks []Sight) []Sight {
	known := make(map[Sight]bool, len(looks))
	once := make([]Sight, 0, len(looks))
	for _, look := range looks {
		if !known[look] {
			known[look] = true
			once = append(once, look)
		}
	}
	return once
}

// sightsAtOnce bounds how many looks are asked about in one query.
const sightsAtOnce = 2000

// Sights answers which of the looks find a post that their viewer may see: for consumers, which ask for many people at
// once. Nobody among them is anonymous.
func (p *Policy) Sights(ctx context.Context, sights []Sight) (map[Sight]bool, error) {
	return found(sights, func(some []Sight, rows any) error {
		return p.db.Post.Query().Modify(func(s *entsql.Selector) {
			looks := JoinSights(s, post.FieldID, some)
			s.Select(looks.C(SightsViewer), looks.C(SightsObject))
			SeenPostsBy(looks.C(SightsViewer))(s)
		}).Scan(ctx, rows)
	})
}

// PostsFor is [Policy.Posts] for many who look, none of whom is anonymous.
func (p *Policy) PostsFor(ctx context.Context, looks []Sight) (map[Sight]*ent.Post, error) {
	seen := make(map[Sight]*ent.Post, len(looks))
	for some := range slices.Chunk(looks, sightsAtOnce) {
		rows, err := p.db.Post.Query().Where(func(s *entsql.Selector) {
			viewer := JoinSights(s, post.FieldID, some).C(SightsViewer)
			s.AppendSelect(viewer)
			SeenPostsBy(viewer)(s)
		}).All(ctx)
		if err != nil {
			return nil, fmt.Errorf("look for posts: %w", err)
		}
		for _, row := range rows {
			look, err := SightIn(row, row.ID)
			if err != nil {
				return nil, err
			}
			seen[look] = row
		}
	}
	return seen, nil
}

// SightIn answers whose look at an object found a row that was read with what [JoinSights] joins.
func SightIn(row interface {
	Value(column string) (ent.Value, error)
}, objectID int64,
) (Sight, error) {
	value, err := row.Value(SightsViewer)
	if err != nil {
		return Sight{}, err
	}
	viewer, ok := value.(int64)
	if !ok {
		return Sight{}, fmt.Errorf("a viewer is a %T", value)
	}
	return Sight{ViewerID: viewer, ObjectID: objectID}, nil
}

// EventSights is [Policy.Sights] for meetups.
func (p *Policy) EventSights(ctx context.Context, sights []Sight) (map[Sight]bool, error) {
	return found(sights, func(some []Sight, rows any) error {
		return p.db.Event.Query().Modify(func(s *entsql.Selector) {
			looks := JoinSights(s, event.FieldID, some)
			s.Select(looks.C(SightsViewer), looks.C(SightsObject))
			seenEvents(viewer{column: looks.C(SightsViewer)})(s)
		}).Scan(ctx, rows)
	})
}

// found answers which looks find what their viewer may see, by a query that selects those.
func found(sights []Sight, scan func(some []Sight, rows any) error) (map[Sight]bool, error) {
	seen := make(map[Sight]bool, len(sights))
	for some := range slices.Chunk(sights, sightsAtOnce) {
		var rows []struct {
			ViewerID int64 `sql:"viewer_id"`
			ObjectID int64 `sql:"object_id"`
		}
		if err := scan(some, &rows); err != nil {
			return nil, fmt.Errorf("look for many viewers: %w", err)
		}
		for _, row := range rows {
			seen[Sight(row)] = true
		}
	}
	return seen, nil
}

// Columns of the table that [JoinSights] joins: who looks, and at what.
const (
	SightsViewer = "viewer_id"
	SightsObject = "object_id"
)

// JoinSights joins looks to a query as a table: one row for each look at what a column of the query names, whether its viewer
// may see it or not.
func JoinSights(s *entsql.Selector, column string, sights []Sight) *entsql.SelectTable {
	pairs := make([][2]int64, len(sights))
	for i, look := range sights {
		pairs[i] = [2]int64{look.ViewerID, look.ObjectID}
	}
	looks := entsql.Table("sights")
	named := s.C(column)
	s.Prefix(store.WithPairs(s.Dialect(), "sights", SightsViewer, SightsObject, pairs)).
		Join(looks).On(named, looks.C(SightsObject))
	return looks
}
