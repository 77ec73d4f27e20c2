package timeline

import (
	"context"
	"math"
	"slices"

	"github.com/pulse-social/pulse/ent"
	entfollow "github.com/pulse-social/pulse/ent/follow"
	entpost "github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/service"
)

// Home answers a function for the ids of a person's whole home timeline, read as GetHomeTimeline reads it: from the list
// in Redis where there is one, merged, and from SQL. It is for checks, and makes no lists.
func Home(c Config, d service.Deps) func(ctx context.Context, userID int64) ([]int64, error) {
	h := &handler{db: d.DB, lists: Lists{kv: d.KV, length: c.ListLength}, visibility: d.Visibility}
	return func(ctx context.Context, userID int64) ([]int64, error) {
		reader := &audit{home{handler: h, viewer: userID}}
		// Redis being away is no error: there is nothing in it to check then.
		if list, ok, err := h.lists.Read(ctx, userID); err == nil && ok {
			reader.list = &list
		}
		follows, err := h.db.Follow.Query().Where(entfollow.FollowerID(userID)).All(ctx)
		if err != nil {
			return nil, err
		}
		authors := []int64{userID}
		for _, f := range follows {
			authors = append(authors, f.FolloweeID)
		}
		slices.Sort(authors)
		return reader.all(ctx, func(p *ent.Post) bool { _, ok := slices.BinarySearch(authors, p.AuthorID); return ok })
	}
}

// audit reads a home timeline from the list and from SQL, and nothing that is kept besides.
type audit struct{ home }

// ids is [home.ids] with the posts beside the list from SQL.
func (h *audit) ids(ctx context.Context, r span, limit int) ([]int64, error) {
	if h.list == nil || !h.list.covers(r, limit) {
		return h.query(ctx, h.viewer, r, limit, byFollowed(h.viewer))
	}
	authors, err := mergedFollowed(ctx, h.db, h.viewer)
	if err != nil {
		return nil, err
	}
	beside, err := h.query(ctx, h.viewer, r, limit, entpost.AuthorIDIn(append(authors, h.viewer)...))
	if err != nil {
		return nil, err
	}
	return r.first(slices.Concat(h.list.within(r), beside), limit), nil
}

// all pages through the timeline down to its first post.
func (h *audit) all(ctx context.Context, keep func(*ent.Post) bool) ([]int64, error) {
	var all []int64
	r := olderThan(math.MaxInt64)
	for {
		ids, err := h.ids(ctx, r, page.MaxSize)
		if err != nil || len(ids) == 0 {
			return all, err
		}
		posts, err := h.visibility.Posts(ctx, h.viewer, ids)
		if err != nil {
			return nil, err
		}
		for _, postID := range ids {
			if post := posts[postID]; post != nil && keep(post) {
				all = append(all, postID)
			}
		}
		r.edge = ids[len(ids)-1]
	}
}
