package post

import (
	"context"
	"fmt"

	"github.com/pulse-social/pulse/ent"
	entbookmark "github.com/pulse-social/pulse/ent/bookmark"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// BookmarkPost keeps a post for the caller, once.
func (h *handler) BookmarkPost(ctx context.Context, req *postv1.BookmarkPostRequest) (*postv1.BookmarkPostResponse, error) {
	user := auth.Caller(ctx).UserID
	defer h.stamps.Changed(ctx, user, stamp.Likes)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*postv1.BookmarkPostResponse, error) {
		answer := &postv1.BookmarkPostResponse{}
		post, err := original(ctx, h.visibility.In(tx.Client), user, req.GetPostId())
		if err != nil {
			return nil, err
		}
		kept, err := tx.Bookmark.Query().Where(entbookmark.UserID(user), entbookmark.PostID(post.ID)).Exist(ctx)
		if err != nil || kept {
			return answer, err
		}
		return answer, tx.Bookmark.Create().SetID(tx.NewID()).SetUserID(user).SetPostID(post.ID).Exec(ctx)
	})
}

// UnbookmarkPost takes the caller's bookmark back, if there is one.
func (h *handler) UnbookmarkPost(ctx context.Context, req *postv1.UnbookmarkPostRequest) (*postv1.UnbookmarkPostResponse, error) {
	user := auth.Caller(ctx).UserID
	defer h.stamps.Changed(ctx, user, stamp.Likes)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*postv1.UnbookmarkPostResponse, error) {
		post, err := original(ctx, h.visibility.In(tx.Client), user, req.GetPostId())
		if err != nil {
			return nil, err
		}
		_, err = tx.Bookmark.Delete().Where(entbookmark.UserID(user), entbookmark.PostID(post.ID)).Exec(ctx)
		return &postv1.UnbookmarkPostResponse{}, err
	})
}

// ListBookmarks lists the posts that the caller keeps and may see.
func (h *handler) ListBookmarks(ctx context.Context, req *postv1.ListBookmarksRequest) (*postv1.ListBookmarksResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	user := auth.Caller(ctx).UserID
	rows, err := h.db.Bookmark.Query().
		Where(entbookmark.UserID(user), visibility.SeenPostIn(user, entbookmark.FieldPostID), latestFirst(cursor)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read bookmarks: %w", err)
	}
	rows, next := cut(cursor, rows, func(b *ent.Bookmark) int64 { return b.ID })
	postIDs := make([]int64, len(rows))
	for i, row := range rows {
		postIDs[i] = row.PostID
	}
	found, err := h.visibility.Posts(ctx, user, postIDs)
	if err != nil {
		return nil, err
	}
	posts, err := h.render(ctx, inOrder(postIDs, found))
	return &postv1.ListBookmarksResponse{Bookmarks: posts, NextPageToken: next}, err
}
