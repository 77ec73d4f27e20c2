package timeline

import (
	"context"
	"fmt"
	"math"
	"slices"

	entsql "entgo.io/ent/dialect/sql"

	entfollow "github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/mergedauthor"
	entpost "github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/predicate"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/page"
)

// GetHomeTimeline answers what the caller and those they follow have posted.
func (h *handler) GetHomeTimeline(ctx context.Context, req *timelinev1.GetHomeTimelineRequest) (*timelinev1.GetHomeTimelineResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	home := &home{handler: h, viewer: auth.Caller(ctx).UserID}
	p, err := h.read(ctx, cursor, home.ids, home.following)
	if err != nil {
		return nil, err
	}
	return &timelinev1.GetHomeTimelineResponse{Posts: p.posts, NextPageToken: p.older, NewerPageToken: p.newer}, nil
}

// home reads one person's home timeline. It lives for one call.
type home struct {
	*handler
	viewer int64
	// list is what Redis has, or what was loaded to rebuild it; nil before it was looked for and when there is none.
	list *List
	// merged are the authors whose posts are merged in: the viewer and followed authors with very many followers.
	merged []int64
	opened bool
	// onlyLook leaves a list that is missing as it is.
	onlyLook bool
}

// ids answers the next ids of the timeline in a direction: at most limit, nearest to the edge first.
func (h *home) ids(ctx context.Context, r span, limit int) ([]int64, error) {
	if err := h.open(ctx); err != nil {
		return nil, err
	}
	if h.list == nil || !h.list.covers(r, limit) {
		return h.fromSQL(ctx, r, limit)
	}
	late, err := h.query(ctx, r, limit, entpost.AuthorIDIn(h.merged...))
	if err != nil {
		return nil, err
	}
	return r.first(slices.Concat(h.list.within(r), late), limit), nil
}

// open gets hold of the list and of the authors to merge in, once a call. Redis being away is no error: the timeline is
// then read from SQL.
func (h *home) open(ctx context.Context) error {
	if h.opened {
		return nil
	}
	h.opened = true
	// Who is merged is read first: an author who becomes merged after that is at worst in both.
	followed := entsql.Table(entfollow.Table)
	merged, err := h.db.MergedAuthor.Query().Where(func(s *entsql.Selector) {
		s.Where(entsql.In(s.C(mergedauthor.FieldID), entsql.Select(followed.C(entfollow.FieldFolloweeID)).From(followed).
			Where(entsql.EQ(followed.C(entfollow.FieldFollowerID), h.viewer))))
	}).IDs(ctx)
	if err != nil {
		return fmt.Errorf("read merged authors: %w", err)
	}
	h.merged = append(merged, h.viewer)

	if h.lists.length == 0 {
		return nil
	}
	list, ok, err := h.lists.Read(ctx, h.viewer)
	if err != nil {
		return nil //nolint:nilerr // Without Redis the timeline is read from SQL.
	}
	if !ok && h.onlyLook {
		return nil
	}
	if !ok {
		list, err = h.lists.Rebuild(ctx, h.viewer, func(ctx context.Context, limit int) ([]int64, error) {
			return h.fromSQL(ctx, olderThan(math.MaxInt64), limit)
		})
		if err != nil {
			return err
		}
	}
	h.list = &list
	return nil
}

// fromSQL answers ids from the posts of all whom the viewer follows and the viewer's own.
func (h *home) fromSQL(ctx context.Context, r span, limit int) ([]int64, error) {
	return h.query(ctx, r, limit, func(s *entsql.Selector) {
		follows := entsql.Table(entfollow.Table)
		s.Where(entsql.Or(
			entsql.EQ(s.C(entpost.FieldAuthorID), h.viewer),
			entsql.In(s.C(entpost.FieldAuthorID), entsql.Select(follows.C(entfollow.FieldFolloweeID)).From(follows).
				Where(entsql.EQ(follows.C(entfollow.FieldFollowerID), h.viewer))),
		))
	})
}

// following keeps posts of the viewer and of those the viewer follows now: a list may lag behind an unfollow.
func (h *home) following(ctx context.Context, posts []*postv1.Post) ([]*postv1.Post, error) {
	authors := make([]int64, 0, len(posts))
	for _, p := range posts {
		authors = append(authors, p.GetAuthor().GetId())
	}
	follows, err := h.db.Follow.Query().Where(entfollow.FollowerID(h.viewer), entfollow.FolloweeIDIn(authors...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read follows: %w", err)
	}
	followed := map[int64]bool{h.viewer: true}
	for _, f := range follows {
		followed[f.FolloweeID] = true
	}
	return slices.DeleteFunc(posts, func(p *postv1.Post) bool { return !followed[p.GetAuthor().GetId()] }), nil
}

// query answers ids of posts in a span that match, nearest to its edge first.
func (h *handler) query(ctx context.Context, r span, limit int, match predicate.Post) ([]int64, error) {
	ids, err := h.db.Post.Query().Where(match, entpost.Deleted(false), r.predicate()).
		Order(entpost.ByID(r.order())).Limit(limit).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("read posts: %w", err)
	}
	return ids, nil
}
