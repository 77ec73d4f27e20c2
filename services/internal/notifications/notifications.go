// Package notifications answers notifications as those see them whom they are for: what they are about and who caused them is
// looked at each time.
package notifications

import (
	"context"
	"fmt"
	"slices"

	"github.com/pulse-social/pulse/ent"
	entnotification "github.com/pulse-social/pulse/ent/notification"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/services/internal/people"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// looksAtOnce bounds how many looks one query answers.
const looksAtOnce = 1_000

// A Renderer answers notifications.
type Renderer struct {
	db         *store.DB
	visibility *visibility.Policy
}

// NewRenderer makes a renderer.
func NewRenderer(db *store.DB, policy *visibility.Policy) *Renderer { return &Renderer{db, policy} }

// Looks answers the looks that find a notification which is shown to their viewer: those of [Shown].
//
// Each kind is looked at by itself: a plan with the visibility of posts in it costs Postgres many times one without, and most
// notifications of a busy moment are about messages.
func (r *Renderer) Looks(ctx context.Context, looks []visibility.Sight) (map[visibility.Sight]*notificationv1.Notification, error) {
	found := make(map[visibility.Sight]*notificationv1.Notification, len(looks))
	for some := range slices.Chunk(visibility.UniqueSights(looks), looksAtOnce) {
		rows, err := r.read(ctx, some)
		if err != nil {
			return nil, err
		}
		posts, err := r.visibility.PostsFor(ctx, about(rows, aboutPosts))
		if err != nil {
			return nil, err
		}
		events, err := r.visibility.EventSights(ctx, about(rows, aboutEvents))
		if err != nil {
			return nil, err
		}
		rows = slices.DeleteFunc(rows, func(row *ent.Notification) bool {
			switch {
			case slices.Contains(aboutPosts, row.Kind):
				return posts[subject(row)] == nil
			case slices.Contains(aboutEvents, row.Kind):
				return !events[subject(row)]
			}
			return row.Kind != kindMessage && !slices.Contains(aboutPeople, row.Kind)
		})
		rendered, err := r.render(ctx, rows, posts)
		if err != nil {
			return nil, err
		}
		for i, row := range rows {
			if rendered[i] != nil {
				found[visibility.Sight{ViewerID: row.RecipientID, ObjectID: row.ID}] = rendered[i]
			}
		}
	}
	return found, nil
}

// read reads those of the notifications that are the viewer's, but not what posts and meetups they are about.
func (r *Renderer) read(ctx context.Context, looks []visibility.Sight) ([]*ent.Notification, error) {
	asked, ids := make(map[visibility.Sight]bool, len(looks)), make([]int64, len(looks))
	for i, look := range looks {
		asked[look], ids[i] = true, look.ObjectID
	}
	rows, err := r.db.Notification.Query().
		Where(entnotification.IDIn(ids...), there(), entnotification.Or(entnotification.KindNEQ(kindMessage), takesPart)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read notifications: %w", err)
	}
	return slices.DeleteFunc(rows, func(row *ent.Notification) bool {
		return !asked[visibility.Sight{ViewerID: row.RecipientID, ObjectID: row.ID}]
	}), nil
}

// subject is the recipient's look at what a notification is about.
func subject(row *ent.Notification) visibility.Sight {
	return visibility.Sight{ViewerID: row.RecipientID, ObjectID: row.SubjectID}
}

// about are the subjects of the notifications of some kinds, each once.
func about(rows []*ent.Notification, kinds []int32) []visibility.Sight {
	var looks []visibility.Sight
	for _, row := range rows {
		if slices.Contains(kinds, row.Kind) {
			looks = append(looks, subject(row))
		}
	}
	return visibility.UniqueSights(looks)
}

// Render answers notifications that [Shown] matches for their recipients, in the given order. One whose last cause went meanwhile
// is left out.
func (r *Renderer) Render(ctx context.Context, rows []*ent.Notification) ([]*notificationv1.Notification, error) {
	posts, err := r.visibility.PostsFor(ctx, about(rows, writtenByActor))
	if err != nil {
		return nil, err
	}
	rendered, err := r.render(ctx, rows, posts)
	return slices.DeleteFunc(rendered, func(n *notificationv1.Notification) bool { return n == nil }), err
}

// render answers notifications in a few queries whatever their number, nil for one that nobody causes whom its recipient may see.
// posts are those that actors wrote.
func (r *Renderer) render(ctx context.Context, rows []*ent.Notification, posts map[visibility.Sight]*ent.Post) ([]*notificationv1.Notification, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	by, err := r.actorsOf(ctx, rows)
	if err != nil {
		return nil, err
	}
	var named []visibility.Sight
	for _, row := range rows {
		named = append(named, visibility.SightsOf(row.RecipientID, by[row.ID].latest)...)
	}
	users, err := people.SummariesFor(ctx, r.db, visibility.UniqueSights(named))
	if err != nil {
		return nil, err
	}
	answer := make([]*notificationv1.Notification, len(rows))
	for i, row := range rows {
		n := toProto(row, by[row.ID], posts[subject(row)])
		for _, look := range visibility.SightsOf(row.RecipientID, by[row.ID].latest) {
			if user := users[look]; user != nil {
				n.Actors = append(n.Actors, user)
			}
		}
		if len(n.GetActors()) > 0 {
			answer[i] = n
		}
	}
	return answer, nil
}
