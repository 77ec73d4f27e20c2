package post

import (
	"context"

	entlike "github.com/pulse-social/pulse/ent/like"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// LikePost likes a post for the caller, once.
func (h *handler) LikePost(ctx context.Context, req *postv1.LikePostRequest) (*postv1.LikePostResponse, error) {
	user := auth.Caller(ctx).UserID
	defer h.stamps.Changed(ctx, user, stamp.Likes)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*postv1.LikePostResponse, error) {
		answer := &postv1.LikePostResponse{}
		post, err := original(ctx, h.visibility.In(tx.Client), user, req.GetPostId())
		if err != nil {
			return nil, err
		}
		liked, err := tx.Like.Query().Where(entlike.UserID(user), entlike.PostID(post.ID)).Exist(ctx)
		if err != nil || liked {
			return answer, err
		}
		if err := tx.Like.Create().SetID(tx.NewID()).SetUserID(user).SetPostID(post.ID).Exec(ctx); err != nil {
			return nil, err
		}
		return answer, tx.Emit(&busv1.PostLiked{PostId: post.ID, UserId: user, AuthorId: post.AuthorID})
	})
}

// UnlikePost takes the caller's like back, if there is one.
func (h *handler) UnlikePost(ctx context.Context, req *postv1.UnlikePostRequest) (*postv1.UnlikePostResponse, error) {
	user := auth.Caller(ctx).UserID
	defer h.stamps.Changed(ctx, user, stamp.Likes)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*postv1.UnlikePostResponse, error) {
		answer := &postv1.UnlikePostResponse{}
		post, err := original(ctx, h.visibility.In(tx.Client), user, req.GetPostId())
		if err != nil {
			return nil, err
		}
		taken, err := tx.Like.Delete().Where(entlike.UserID(user), entlike.PostID(post.ID)).Exec(ctx)
		if err != nil || taken == 0 {
			return answer, err
		}
		return answer, tx.Emit(&busv1.PostUnliked{PostId: post.ID, UserId: user, AuthorId: post.AuthorID})
	})
}
