package search

import (
	"context"
	"math"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/account"
	entpost "github.com/pulse-social/pulse/ent/post"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/terms"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// SearchPosts finds posts by what they say.
func (h *handler) SearchPosts(ctx context.Context, req *searchv1.SearchPostsRequest) (*searchv1.SearchPostsResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	q, err := readQuery(req)
	if err != nil {
		return nil, err
	}
	if known, err := h.resolve(ctx, q); err != nil || !known {
		return &searchv1.SearchPostsResponse{}, err
	}
	var rows []*ent.Post
	var next string
	if req.GetOrder() == searchv1.PostOrder_POST_ORDER_RELEVANCE {
		rows, next, err = h.ranked(ctx, q, cursor)
	} else {
		rows, next, err = h.newest(ctx, q, cursor)
	}
	if err != nil || len(rows) == 0 {
		return &searchv1.SearchPostsResponse{}, err
	}
	hits, err := h.hits(ctx, q, rows)
	return &searchv1.SearchPostsResponse{Hits: hits, NextPageToken: next}, err
}

// readQuery reads a request's query and adds its filters.
func readQuery(req *searchv1.SearchPostsRequest) (*query, error) {
	q, err := parse(req.GetQuery())
	if err != nil {
		return nil, err
	}
	if req.GetAuthorId() != 0 {
		q.all = append(q.all, label(authorLabel(req.GetAuthorId())))
	}
	if tag := terms.Tag(terms.Clean(req.GetTag())); tag != "" {
		q.all = append(q.all, label(tagLabel(tag)))
	}
	if req.GetLanguage() != "" {
		tag, err := parseLanguage(req.GetLanguage(), req.GetLanguage())
		if err != nil {
			return nil, err
		}
		q.all = append(q.all, label(languageLabel(tag)))
	}
	if req.GetSince() != nil && req.GetSince().AsTime().After(q.since) {
		q.since = req.GetSince().AsTime()
	}
	if req.GetUntil() != nil && (q.until.IsZero() || req.GetUntil().AsTime().Before(q.until)) {
		q.until = req.GetUntil().AsTime()
	}
	return q, q.says()
}

// resolve makes labels of the handles that a query names, and tells whether it can find anything: who does not exist, or
// is not to be seen by the caller, has written nothing.
func (h *handler) resolve(ctx context.Context, q *query) (bool, error) {
	handles := append(append([]string{}, q.from...), q.notFrom...)
	if len(handles) == 0 {
		return true, nil
	}
	rows, err := h.db.Account.Query().Where(account.HandleKeyIn(handles...), visibility.SeenPeople(auth.Caller(ctx).UserID)).All(ctx)
	if err != nil {
		return false, err
	}
	known := make(map[string]int64, len(rows))
	for _, row := range rows {
		known[row.HandleKey] = row.ID
	}
	for _, handle := range q.from {
		if known[handle] == 0 {
			return false, nil
		}
		q.all = append(q.all, label(authorLabel(known[handle])))
	}
	for _, handle := range q.notFrom {
		if known[handle] != 0 {
			q.none = append(q.none, label(authorLabel(known[handle])))
		}
	}
	return true, nil
}

// span answers the ids of the posts that were written when the query says: smaller than before, at least from.
func (q *query) span() (before, from int64) {
	before = math.MaxInt64
	if !q.until.IsZero() {
		before = idAt(q.until)
	}
	if !q.since.IsZero() {
		from = idAt(q.since)
	}
	return before, from
}

// idAt is [id.At] for times that people write: before the first id and after the last there are none.
func idAt(t time.Time) int64 {
	if t.After(id.Time(math.MaxInt64)) {
		return math.MaxInt64
	}
	return max(0, id.At(t))
}

// newest answers a page of what the query finds, newest first, and the token of the next.
func (h *handler) newest(ctx context.Context, q *query, cursor page.Cursor) ([]*ent.Post, string, error) {
	before, from := q.span()
	if cursor.After != 0 {
		before = min(before, cursor.After)
	}
	rows, err := h.find(ctx, q, before, from, cursor.Size+1)
	if err != nil || len(rows) <= cursor.Size {
		return rows, "", err
	}
	rows = rows[:cursor.Size]
	return rows, cursor.Token(rows[len(rows)-1].ID, page.Onward), nil
}

// find answers up to limit posts that the query finds for the caller, newest first: their ids and what they say.
func (h *handler) find(ctx context.Context, q *query, before, from int64, limit int) ([]*ent.Post, error) {
	findable := h.findable(auth.Caller(ctx).UserID)
	return collect(ctx, h, h.sought("search_posts", q.all, q.none), before, from, limit, func(ids []int64) ([]*ent.Post, error) {
		return h.db.Post.Query().Where(entpost.IDIn(ids...), findable).Order(entpost.ByID(entsql.OrderDesc())).
			Select(entpost.FieldID, entpost.FieldText).All(ctx) // The rest is asked of the post service, of a page.
	})
}

// largestChunk bounds how many documents are looked at at once.
const largestChunk = 1000

// collect answers up to limit of what a search finds, of which keep answers what the caller is to find. Nothing is told of
// the rest, so it goes on until there is enough.
func collect[T any](ctx context.Context, h *handler, s sought, before, from int64, limit int, keep func(ids []int64) ([]T, error)) ([]T, error) {
	var kept []T
	for chunk := limit; before > from; chunk = min(2*chunk, largestChunk) {
		ids, err := h.matches(ctx, s, before, from, chunk)
		if err != nil {
			return nil, err
		}
		if len(ids) == 0 {
			break
		}
		more, err := keep(ids)
		if err != nil {
			return nil, err
		}
		if kept = append(kept, more...); len(kept) >= limit {
			return kept[:limit], nil
		}
		if len(ids) < chunk {
			break
		}
		before = ids[len(ids)-1]
	}
	return kept, nil
}

// hits answers posts as the post service does, with what of them was found.
func (h *handler) hits(ctx context.Context, q *query, rows []*ent.Post) ([]*searchv1.PostHit, error) {
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	answer, err := h.posts.BatchGetPosts(ctx, &postv1.BatchGetPostsRequest{PostIds: ids})
	if err != nil {
		return nil, err
	}
	hits := make([]*searchv1.PostHit, len(answer.GetPosts()))
	for i, post := range answer.GetPosts() {
		tokens := terms.Cut(post.GetText())
		matches := q.matches(tokens)
		hits[i] = &searchv1.PostHit{Post: post, Matches: matches, Snippet: snippet(post.GetText(), tokens, matches)}
	}
	return hits, nil
}
