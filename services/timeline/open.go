package timeline

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent/mute"
	entpost "github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/predicate"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// opened is a timeline that is ready to be read.
type opened struct {
	ids     source
	hydrate hydrator
}

// answer reads the page of an opened timeline that a request asks for.
func (h *handler) answer(ctx context.Context, req page.Request, open func(page.Cursor) (opened, error)) (pageOfPosts, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return pageOfPosts{}, err
	}
	timeline, err := open(cursor)
	if err != nil {
		return pageOfPosts{}, err
	}
	p, err := read(ctx, cursor, h.now(), timeline.ids, timeline.hydrate)
	p.signedIn = auth.Caller(ctx).SignedIn()
	return p, err
}

// matching opens the timeline of the posts that match and that the caller sees, but for those of people they mute.
func (h *handler) matching(ctx context.Context, match predicate.Post) opened {
	caller := auth.Caller(ctx)
	r := reader{id: caller.UserID, view: h.viewerOf(ctx, caller)}
	return opened{
		ids: func(ctx context.Context, span span, limit int) ([]int64, error) {
			return h.query(ctx, caller.UserID, span, limit, entpost.And(match, h.notMuted(caller.UserID)))
		},
		hydrate: func(ctx context.Context, ids []int64) ([]readPost, error) { return h.unmuted(ctx, r, ids) },
	}
}

// unmuted answers the posts behind ids that the reader may see, without those that they have muted.
func (h *handler) unmuted(ctx context.Context, r reader, ids []int64) ([]readPost, error) {
	posts, err := h.posts.read(ctx, r, ids)
	if err != nil {
		return nil, err
	}
	return h.posts.unmuted(ctx, r, posts, h.now())
}

// notMuted matches the posts of people whom the viewer does not mute: pages would be full without, but cost more.
func (h *handler) notMuted(viewer int64) predicate.Post {
	return func(s *entsql.Selector) {
		if viewer == 0 {
			return
		}
		mutes := entsql.Table(mute.Table)
		s.Where(entsql.NotExists(entsql.Select(mutes.C(mute.FieldID)).From(mutes).Where(entsql.And(
			entsql.EQ(mutes.C(mute.FieldMuterID), viewer),
			entsql.ColumnsEQ(mutes.C(mute.FieldMutedID), s.C(entpost.FieldAuthorID)),
			entsql.Or(entsql.IsNull(mutes.C(mute.FieldExpiresAt)), entsql.GT(mutes.C(mute.FieldExpiresAt), h.now())),
		))))
	}
}

// query answers ids of posts in a span that match and that the viewer sees, nearest to its edge first.
func (h *handler) query(ctx context.Context, viewer int64, r span, limit int, match predicate.Post) ([]int64, error) {
	ids, err := h.db.Post.Query().Where(match, visibility.SeenPosts(viewer), r.predicate()).
		Order(entpost.ByID(r.order())).Limit(limit).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("read posts: %w", err)
	}
	return ids, nil
}
