package timeline

import (
	"context"
	"fmt"
	"math"
	"slices"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/redis/rueidis"

	entfollow "github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/mergedauthor"
	entpost "github.com/pulse-social/pulse/ent/post"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// descending orders newest first.
var descending = entsql.OrderDesc()

// GetHomeTimeline answers what the caller and those they follow have posted.
func (h *handler) GetHomeTimeline(ctx context.Context, req *timelinev1.GetHomeTimelineRequest) (*timelinev1.GetHomeTimelineResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	home := &home{handler: h, viewer: auth.Caller(ctx).UserID}
	if err := home.open(ctx, spanOf(cursor), cursor.Size+1+len(cursor.Met)); err != nil {
		return nil, err
	}
	p, err := read(ctx, cursor, h.now(), home.ids, home.hydrate)
	if err != nil {
		return nil, err
	}
	h.posts.metrics.home(ctx, home.origin)
	p.signedIn = true
	return rpc.AnswerWith(ctx, &timelinev1.GetHomeTimelineResponse{}, p.joined()), nil
}

// home reads one person's home timeline. It lives for one call.
type home struct {
	*handler
	viewer int64
	// list is what Redis has, or what was loaded to rebuild it; nil when there is none.
	list *List
	// origin is where the ids came from.
	origin origin
	// view is what is kept of the viewer; nil when nothing may be.
	view *view
}

// headSlack is how many more elements of a list are read than a page needs, for those that trust drops.
const headSlack = 16

// open gets hold of the list and of what is kept of the viewer, in one go. Redis being away is no error: the timeline is
// then read from SQL.
func (h *home) open(ctx context.Context, r span, limit int) error {
	elements := 0
	if r.newer || r.edge == math.MaxInt64 {
		elements = limit + headSlack
	}
	commands := rueidis.Commands{h.viewers.stamps.Read(h.viewer)}
	if h.lists.length > 0 {
		commands = append(commands, h.lists.head(h.viewer, elements))
	}
	replies, err := h.lists.kv.Replies(ctx, commands...)
	if err != nil {
		return nil //nolint:nilerr // Without Redis the timeline is read from SQL.
	}
	stamps, err := stamp.Parse(replies[0])
	if err != nil {
		return err
	}
	if h.view, err = h.viewers.under(ctx, h.viewer, stamps); err != nil {
		return nil //nolint:nilerr // As above.
	}
	if h.lists.length == 0 {
		return nil
	}
	h.origin = originList
	list, ok, err := parseList(replies[1], elements)
	if err != nil && !rueidis.IsRedisNil(err) {
		return err
	}
	if !ok {
		h.origin = originRebuilt
		list, err = h.lists.Rebuild(ctx, h.viewer, func(ctx context.Context, limit int) ([]int64, error) {
			return h.ofFollowed(ctx, olderThan(math.MaxInt64), limit)
		})
		if err != nil {
			return err
		}
	}
	h.list = &list
	return nil
}

// ids answers the next ids of the timeline in a direction: at most limit, nearest to the edge first.
func (h *home) ids(ctx context.Context, r span, limit int) ([]int64, error) {
	if h.list == nil {
		return h.pastList(ctx, r, limit)
	}
	if h.list.Part && !h.list.covers(r, limit) {
		list, ok, err := h.lists.Read(ctx, h.viewer)
		if err != nil || !ok {
			return h.pastList(ctx, r, limit) // Redis went away meanwhile, or forgot the list.
		}
		h.list = &list
	}
	if !h.list.covers(r, limit) {
		return h.pastList(ctx, r, limit)
	}
	beside, err := h.beside(ctx, r, limit)
	if err != nil {
		return nil, err
	}
	return r.first(slices.Concat(h.list.within(r), beside), limit), nil
}

// beside answers ids that are not in lists: the viewer's own posts, and those of followed authors with very many
// followers.
func (h *home) beside(ctx context.Context, r span, limit int) ([]int64, error) {
	authors, err := h.mergedFollowed(ctx)
	if err != nil {
		return nil, err
	}
	own, err := h.ownPosts(ctx)
	if err != nil {
		return nil, err
	}
	heads := []List{own}
	for _, author := range authors {
		head, err := h.merged.head(ctx, author)
		if err != nil {
			return nil, err
		}
		heads = append(heads, head)
	}
	var ids []int64
	for _, head := range heads {
		if !head.covers(r, limit) {
			return h.query(ctx, h.viewer, r, limit, entpost.AuthorIDIn(append(slices.Clone(authors), h.viewer)...))
		}
		ids = append(ids, head.within(r)...)
	}
	return ids, nil
}

func (h *home) ownPosts(ctx context.Context) (List, error) {
	load := func() (List, error) { return newestOf(ctx, h.db, h.viewer) }
	if h.view == nil {
		return load()
	}
	return h.view.ownPosts(load)
}

// mergedFollowed answers which authors that are merged on read the viewer follows.
func (h *home) mergedFollowed(ctx context.Context) ([]int64, error) {
	authors, err := h.merged.authors(ctx)
	if err != nil || authors == 0 {
		return nil, err
	}
	load := func() ([]int64, error) { return mergedFollowed(ctx, h.db, h.viewer) }
	if h.view == nil {
		return load()
	}
	return h.view.mergedFollowed(authors, load)
}

// mergedFollowed reads which authors that are merged on read a person follows.
func mergedFollowed(ctx context.Context, db *store.DB, userID int64) ([]int64, error) {
	followed := entsql.Table(entfollow.Table)
	ids, err := db.MergedAuthor.Query().Where(func(s *entsql.Selector) {
		s.Where(entsql.In(s.C(mergedauthor.FieldID), entsql.Select(followed.C(entfollow.FieldFolloweeID)).From(followed).
			Where(entsql.EQ(followed.C(entfollow.FieldFollowerID), userID))))
	}).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("read merged authors: %w", err)
	}
	return ids, nil
}

// pastList answers ids that no list has.
func (h *home) pastList(ctx context.Context, r span, limit int) ([]int64, error) {
	h.origin = originSQL
	return h.ofFollowed(ctx, r, limit)
}

// hydrate answers the posts behind ids that the viewer may see, of the viewer and of those the viewer follows now and has
// not muted: a list may lag behind an unfollow.
func (h *home) hydrate(ctx context.Context, ids []int64) ([]readPost, error) {
	r := reader{id: h.viewer, view: h.view}
	posts, err := h.posts.read(ctx, r, ids)
	if err != nil {
		return nil, err
	}
	posts = slices.DeleteFunc(posts, func(p readPost) bool { return p.author != h.viewer && !p.relation.follows })
	return h.posts.unmuted(ctx, r, posts, h.now())
}
