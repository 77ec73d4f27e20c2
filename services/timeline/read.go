package timeline

import (
	"context"
	"slices"

	"github.com/pulse-social/pulse/services/internal/page"
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

// read fills a page. Ids whose posts the caller may not see, or that do not belong there, do not make it shorter: as many
// more are taken as it needs.
func read(ctx context.Context, cursor page.Cursor, ids source, hydrate hydrator) (pageOfPosts, error) {
	r, want := spanOf(cursor), cursor.Size+1
	posts := make([]readPost, 0, want)
	for len(posts) < want {
		limit := min(want-len(posts), page.MaxSize)
		next, err := ids(ctx, r, limit)
		if err != nil {
			return pageOfPosts{}, err
		}
		if len(next) > 0 {
			found, err := hydrate(ctx, next)
			if err != nil {
				return pageOfPosts{}, err
			}
			posts = append(posts, found...)
			r.edge = next[len(next)-1]
		}
		if len(next) < limit {
			break
		}
	}
	return cut(cursor, posts), nil
}

// cut makes the page from posts of which there may be one more than it holds.
func cut(cursor page.Cursor, posts []readPost) pageOfPosts {
	more := len(posts) > cursor.Size
	if more {
		posts = posts[:cursor.Size]
	}
	newest, oldest := cursor.After, cursor.After
	if len(posts) > 0 {
		if cursor.Direction == page.Back {
			slices.Reverse(posts)
		}
		newest, oldest = posts[0].id, posts[len(posts)-1].id
	}
	p := pageOfPosts{posts: posts, newer: cursor.Token(newest, page.Back)}
	// Behind a page of newer posts there is always the one that it is newer than.
	if more || cursor.Direction == page.Back && oldest != 0 {
		p.older = cursor.Token(oldest, page.Onward)
	}
	return p
}
