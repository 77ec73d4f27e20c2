package search

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/terms"
)

const (
	// rankedPosts is how many of the newest posts that a query finds are ranked.
	rankedPosts = 500
	// wholeMatch is how much newer a post has to be to weigh as much as a perfect match more.
	wholeMatch = 30 * 24 * time.Hour

	// Parameters of BM25 as in its authors' survey (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009):
	// how soon more of a word says nothing more, and how much longer texts are discounted. usualLength is the length, in
	// terms, of a text that is not discounted.
	k1, b       = 1.2, 0.75
	usualLength = 30
)

// ranked answers a page of what the query finds, the best first, and the token of the next.
func (h *handler) ranked(ctx context.Context, q *query, cursor page.Cursor) ([]*ent.Post, string, error) {
	before, from := q.span()
	rows, err := h.find(ctx, q, before, from, rankedPosts)
	if err != nil {
		return nil, "", err
	}
	ranks := make(map[int64]int64, len(rows))
	for _, row := range rows {
		ranks[row.ID] = q.rank(row)
	}
	rows, next := pageOfRanked(rows, cursor, func(row *ent.Post) (rank, id int64) { return ranks[row.ID], row.ID })
	return rows, next, nil
}

// rank weighs a post: how well it matches, from 0 to 1, and when it was written, where [wholeMatch] weighs 1. It is in
// milliseconds, and says the same whenever it is asked, so that pages fit together.
func (q *query) rank(row *ent.Post) int64 {
	return id.Time(row.ID).UnixMilli() + int64(q.score(row.Text)*float64(wholeMatch.Milliseconds()))
}

// score is how well a text matches, from 0 to 1: BM25 without the weight of words, which all hits have alike, averaged
// over the phrases of the query.
func (q *query) score(text string) float64 {
	tokens := terms.Cut(text)
	discount := k1 * (1 - b + b*float64(len(tokens))/usualLength)
	score, phrases := 0.0, 0
	for _, p := range q.words() {
		phrases++
		times := float64(len(p.in(tokens)))
		score += times / (times + discount)
	}
	if phrases == 0 {
		return 0
	}
	return score / float64(phrases)
}

// pageOfRanked sorts items, the best and of equal ones the newest first, and cuts out the page after the cursor.
func pageOfRanked[T any](items []T, cursor page.Cursor, ranked func(T) (rank, id int64)) (found []T, next string) {
	order := func(rank, id, otherRank, otherID int64) int {
		return cmp.Or(cmp.Compare(otherRank, rank), cmp.Compare(otherID, id))
	}
	slices.SortFunc(items, func(x, y T) int {
		rank, id := ranked(x)
		otherRank, otherID := ranked(y)
		return order(rank, id, otherRank, otherID)
	})
	if cursor.After != 0 {
		items = slices.DeleteFunc(items, func(item T) bool {
			rank, id := ranked(item)
			return order(rank, id, cursor.Rank, cursor.After) <= 0
		})
	}
	if len(items) <= cursor.Size {
		return items, ""
	}
	items = items[:cursor.Size]
	return items, cursor.RankedToken(ranked(items[len(items)-1]))
}
