package post

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	entlike "github.com/pulse-social/pulse/ent/like"
	entpost "github.com/pulse-social/pulse/ent/post"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/people"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// postPage is a request for a page of what belongs to a post.
type postPage interface {
	page.Request
	GetPostId() int64
}

// openPage answers the post that a page is about, and where the page begins.
func (h *handler) openPage(ctx context.Context, req postPage) (*ent.Post, page.Cursor, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, cursor, err
	}
	post, err := original(ctx, h.visibility, auth.Caller(ctx).UserID, req.GetPostId())
	return post, cursor, err
}

// latestFirst answers one more row than the page has, from where it begins.
func latestFirst(cursor page.Cursor) func(*entsql.Selector) {
	return func(s *entsql.Selector) {
		if cursor.After != 0 {
			s.Where(entsql.LT(s.C("id"), cursor.After))
		}
		s.OrderBy(entsql.Desc(s.C("id"))).Limit(cursor.Size + 1)
	}
}

// cut takes the row off that only tells of more to come, and answers the token of the page that it is on.
func cut[T any](cursor page.Cursor, rows []T, place func(T) int64) ([]T, string) {
	if len(rows) <= cursor.Size {
		return rows, ""
	}
	return rows[:cursor.Size], cursor.Token(place(rows[cursor.Size-1]), page.Onward)
}

// ListLikers lists who likes a post.
func (h *handler) ListLikers(ctx context.Context, req *postv1.ListLikersRequest) (*postv1.ListLikersResponse, error) {
	post, cursor, err := h.openPage(ctx, req)
	if err != nil {
		return nil, err
	}
	rows, err := h.db.Like.Query().
		Where(entlike.PostID(post.ID), visibility.SeenPersonIn(auth.Caller(ctx).UserID, entlike.FieldUserID), latestFirst(cursor)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read likes: %w", err)
	}
	rows, next := cut(cursor, rows, func(l *ent.Like) int64 { return l.ID })
	listed, err := listPeople(ctx, h, rows, func(l *ent.Like) (int64, int64) { return l.UserID, l.ID })
	return &postv1.ListLikersResponse{Likers: listed, NextPageToken: next}, err
}

// ListReposters lists who reposted a post.
func (h *handler) ListReposters(ctx context.Context, req *postv1.ListRepostersRequest) (*postv1.ListRepostersResponse, error) {
	post, cursor, err := h.openPage(ctx, req)
	if err != nil {
		return nil, err
	}
	rows, err := h.db.Post.Query().
		Where(entpost.RepostOfID(post.ID), visibility.SeenPosts(auth.Caller(ctx).UserID), latestFirst(cursor)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read reposts: %w", err)
	}
	rows, next := cut(cursor, rows, func(p *ent.Post) int64 { return p.ID })
	listed, err := listPeople(ctx, h, rows, func(p *ent.Post) (int64, int64) { return p.AuthorID, p.ID })
	return &postv1.ListRepostersResponse{Reposters: listed, NextPageToken: next}, err
}

// ListQuotes lists the posts that quote a post.
func (h *handler) ListQuotes(ctx context.Context, req *postv1.ListQuotesRequest) (*postv1.ListQuotesResponse, error) {
	post, cursor, err := h.openPage(ctx, req)
	if err != nil {
		return nil, err
	}
	rows, err := h.db.Post.Query().
		Where(entpost.QuoteOfID(post.ID), visibility.SeenPosts(auth.Caller(ctx).UserID), latestFirst(cursor)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read quotes: %w", err)
	}
	rows, next := cut(cursor, rows, func(p *ent.Post) int64 { return p.ID })
	posts, err := h.render(ctx, rows)
	return &postv1.ListQuotesResponse{Quotes: posts, NextPageToken: next}, err
}

// listPeople answers rows as the people who made them; who tells that of a row, with the id that tells when.
func listPeople[T any](ctx context.Context, h *handler, rows []T, who func(T) (userID, rowID int64)) ([]*postv1.PersonListing, error) {
	userIDs := make([]int64, len(rows))
	for i, row := range rows {
		userIDs[i], _ = who(row)
	}
	users, err := people.Summaries(ctx, h.db, auth.Caller(ctx).UserID, userIDs)
	if err != nil {
		return nil, err
	}
	listed := make([]*postv1.PersonListing, 0, len(rows))
	for _, row := range rows {
		userID, rowID := who(row)
		if user := users[userID]; user != nil {
			listed = append(listed, &postv1.PersonListing{User: user, Time: timestamppb.New(id.Time(rowID))})
		}
	}
	return listed, nil
}
