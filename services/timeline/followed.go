package timeline

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	entfollow "github.com/pulse-social/pulse/ent/follow"
)

// How many posts of each author are read at first: fewestEach at least, and slackEach times as many as there would be if all had
// written as much.
const fewestEach, slackEach = 4, 4

// ofFollowed answers ids of posts in a span that are by the viewer or by those whom they follow: the nearest to the edge, at most
// limit. Whoever sees them: a list is not made anew when it becomes possible to see a post, so it has all that its owner may come
// to see, and each is asked about when it is read.
//
// It reads a few of each author, and more of those who have more there. So its cost depends on whom the viewer follows and not on
// how many posts there are: a walk through the posts would be the longest for who follows the fewest.
func (h *home) ofFollowed(ctx context.Context, r span, limit int) ([]int64, error) {
	rows, err := h.db.Follow.Query().Where(entfollow.FollowerID(h.viewer)).Select(entfollow.FieldFolloweeID).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read whom a person follows: %w", err)
	}
	authors := []int64{h.viewer}
	for _, row := range rows {
		authors = append(authors, row.FolloweeID)
	}
	of := ofEach{newer: r.newer, low: 0, high: r.edge, each: min(limit, max(fewestEach, slackEach*limit/len(authors)))}
	if r.newer {
		of.low, of.high = r.edge, math.MaxInt64
	}
	ids, more, err := of.read(ctx, h, authors)
	if err != nil {
		return nil, err
	}
	ids = r.first(ids, limit)
	if len(ids) == limit {
		of.end(ids[limit-1])
	}
	authors = authors[:0]
	for author, furthest := range more {
		if of.low < furthest && furthest < of.high {
			authors = append(authors, author)
		}
	}
	if len(authors) == 0 || of.each == limit {
		return ids, nil
	}
	of.each = limit
	rest, _, err := of.read(ctx, h, authors)
	return r.first(append(rest, ids...), limit), err
}

// ofEach reads posts between two ids, so many of each author: the newest, or of newer posts the oldest.
type ofEach struct {
	newer     bool
	low, high int64
	each      int
}

// end leaves out what lies beyond a post.
func (of *ofEach) end(post int64) {
	if of.newer {
		of.high = post
	} else {
		of.low = post
	}
}

// read answers the ids of the posts, and the furthest of those who may have more.
func (of *ofEach) read(ctx context.Context, h *home, authors []int64) (ids []int64, more map[int64]int64, err error) {
	list, err := json.Marshal(authors)
	if err != nil {
		return nil, nil, err
	}
	rows, err := h.db.QueryContext(ctx, of.statement(h.db.Store().IsPostgres()), string(list), of.low, of.high, of.each)
	if err != nil {
		return nil, nil, fmt.Errorf("read posts of each author: %w", err)
	}
	defer rows.Close()
	number := map[int64]int{}
	more = map[int64]int64{}
	for rows.Next() {
		var author, post int64
		if err := rows.Scan(&author, &post); err != nil {
			return nil, nil, err
		}
		ids = append(ids, post)
		number[author]++
		if furthest, ok := more[author]; !ok || (post > furthest) == of.newer {
			more[author] = post
		}
	}
	for author, n := range number {
		if n < of.each {
			delete(more, author)
		}
	}
	return ids, more, rows.Err()
}

// statement is what reads them. Its parameters are a list of the authors as JSON, the two ids, and how many there are of each. Both
// databases begin with the authors: they cannot tell what each has.
func (of *ofEach) statement(postgres bool) string {
	order := " DESC"
	if of.newer {
		order = " ASC"
	}
	if postgres {
		return `SELECT author.id, post.id FROM (SELECT value::bigint AS id FROM json_array_elements_text($1::text::json)) author
			CROSS JOIN LATERAL (SELECT id FROM posts WHERE author_id = author.id AND NOT deleted AND id > $2 AND id < $3 ORDER BY id` + order + ` LIMIT $4) post`
	}
	return `SELECT author.value, post.id FROM json_each($1) author CROSS JOIN posts post
		WHERE post.id IN (SELECT id FROM posts WHERE author_id = author.value AND NOT deleted AND id > $2 AND id < $3 ORDER BY id` + order + ` LIMIT $4)`
}
