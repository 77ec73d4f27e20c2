package timeline

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/page"
)

const (
	// mostRounds bounds how often a page asks for more because of what was left out of it.
	mostRounds = 10
	// settledAfter is how old a post is when no older one is expected to turn up any more: transactions commit, and lists
	// are added to, not quite in the order of ids. What is younger and on a page is named in the page's token for newer
	// posts, which goes on after the newest one that is not, so that nothing in between is missed and nothing comes twice.
	settledAfter = 10 * time.Second
)

// pageOfPosts is a page as the API answers it.
type pageOfPosts struct {
	posts        []readPost
	signedIn     bool
	older, newer string
}

// source answers the next ids of a timeline: at most limit, nearest to the edge of the span first.
type source func(ctx context.Context, r span, limit int) ([]int64, error)

// hydrator answers the posts behind ids as the caller may see them, in the order of the ids, without those that do not
// belong into the timeline after all.
type hydrator func(ctx context.Context, ids []int64) ([]readPost, error)

// reading is a page that is being read.
type reading struct {
	cursor page.Cursor
	// rest is what lies beyond all that was looked at, ended whether there is nothing.
	rest  span
	ended bool
	// posts are those that were found, nearest to the edge first, more whether there are more than the page holds.
	posts []readPost
	more  bool
	// doubles are posts that were left out because a newer one shows the same; reposts tells that there can be some.
	doubles []int64
	reposts bool
	// each is whether nothing is left out for that.
	each bool
}

// read fills a page in which no post is twice, by itself and as a repost.
func read(ctx context.Context, cursor page.Cursor, now time.Time, ids source, hydrate hydrator) (pageOfPosts, error) {
	return (&reading{cursor: cursor, rest: spanOf(cursor)}).fill(ctx, now, ids, hydrate)
}

// readEach fills a page with each post and repost that there is.
func readEach(ctx context.Context, cursor page.Cursor, now time.Time, ids source, hydrate hydrator) (pageOfPosts, error) {
	return (&reading{cursor: cursor, rest: spanOf(cursor), each: true}).fill(ctx, now, ids, hydrate)
}

// fill fills the page. Ids whose posts the caller may not see, or that do not belong there, do not make it shorter: as many
// more are taken as it needs, in a bounded number of rounds.
func (g *reading) fill(ctx context.Context, now time.Time, ids source, hydrate hydrator) (pageOfPosts, error) {
	cursor, want := g.cursor, g.cursor.Size+1
	dropped := len(cursor.Met)
	for round := 0; len(g.posts) < want && !g.ended && round < mostRounds; round++ {
		limit := min(want-len(g.posts)+dropped, page.MaxSize)
		next, err := ids(ctx, g.rest, limit)
		if err != nil {
			return pageOfPosts{}, err
		}
		g.ended = len(next) < limit
		if len(next) == 0 {
			break
		}
		g.rest.edge = next[len(next)-1]
		next = slices.DeleteFunc(next, func(postID int64) bool {
			_, met := slices.BinarySearch(cursor.Met, postID)
			return met
		})
		if len(next) == 0 {
			continue
		}
		found, err := hydrate(ctx, next)
		if err != nil {
			return pageOfPosts{}, err
		}
		before := len(g.posts)
		g.add(found)
		dropped = len(next) - (len(g.posts) - before)
	}
	return g.page(now), nil
}

// add adds posts that were found. Of a post and its reposts only the newest stays.
func (g *reading) add(found []readPost) {
	for _, post := range found {
		if g.reposts = g.reposts || post.original != 0 && !g.each; !g.reposts {
			g.posts = append(g.posts, post)
			continue
		}
		at := slices.IndexFunc(g.posts, func(other readPost) bool { return other.shows() == post.shows() })
		switch {
		case at < 0:
			g.posts = append(g.posts, post)
		case g.cursor.Direction == page.Onward:
			g.doubles = append(g.doubles, post.id)
		default:
			g.doubles = append(g.doubles, g.posts[at].id)
			g.posts = append(slices.Delete(g.posts, at, at+1), post)
		}
	}
}

// shows is the id of the post that one gets to see.
func (e *encodedPost) shows() int64 { return cmp.Or(e.original, e.id) }

// page makes the page from posts of which there may be more than it holds.
func (g *reading) page(now time.Time) pageOfPosts {
	if g.more = len(g.posts) > g.cursor.Size; g.more {
		g.posts = g.posts[:g.cursor.Size]
	}
	p := pageOfPosts{posts: g.posts}
	if g.cursor.Direction == page.Back {
		slices.Reverse(p.posts)
		p.newer = g.newer(now, g.cursor.After)
		// Below a page of newer posts there is always the one that it is newer than.
		if len(p.posts) > 0 {
			p.older = g.cursor.Token(p.posts[len(p.posts)-1].id, page.Onward)
		} else if had := slices.Max(append(g.cursor.Met, g.cursor.After)); had > 0 {
			p.older = g.cursor.Token(had+1, page.Onward)
		}
		return p
	}
	switch {
	case len(p.posts) > 0:
		p.newer = g.newer(now, p.posts[len(p.posts)-1].id-1)
	case g.cursor.After > 0: // The page above this one ends there.
		p.newer = g.cursor.Token(g.cursor.After-1, page.Back)
	default:
		p.newer = g.cursor.Token(0, page.Back)
	}
	switch {
	case g.more:
		p.older = g.cursor.Token(p.posts[len(p.posts)-1].id, page.Onward)
	case !g.ended:
		p.older = g.cursor.Token(g.rest.edge, page.Onward)
	}
	return p
}

// newer makes the token for what is newer than the page, of whose way all up to floor is done. It goes on after the newest
// post that is settled, and names what the caller has had beyond it. It changes with the clock no more than it must, for
// an answer that is the same as before is not sent again.
func (g *reading) newer(now time.Time, floor int64) string {
	had := slices.Concat(idsOf(g.posts), g.doubles, g.cursor.Met)
	slices.Sort(had)
	horizon := id.At(now.Add(-settledAfter))
	for _, postID := range append(had, g.passed()) {
		if postID <= horizon {
			floor = max(floor, postID)
		}
	}
	had = slices.DeleteFunc(had, func(postID int64) bool { return postID <= floor })
	if beyond := len(had) - page.MostMet; beyond > 0 {
		floor, had = had[beyond-1], had[beyond:]
	}
	return g.cursor.Token(floor, page.Back, had...)
}

// passed answers up to where a page of newer posts has looked, when what is there filled all its rounds and not the page.
func (g *reading) passed() int64 {
	if g.cursor.Direction == page.Onward || g.ended || g.more {
		return 0
	}
	return g.rest.edge
}

func idsOf(posts []readPost) []int64 {
	ids := make([]int64, len(posts))
	for i, post := range posts {
		ids[i] = post.id
	}
	return ids
}
