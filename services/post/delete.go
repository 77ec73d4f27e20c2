package post

import (
	"context"

	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// DeletePost deletes a post of the caller: the text is gone for good, the row stays for the thread around it.
func (h *handler) DeletePost(ctx context.Context, req *postv1.DeletePostRequest) (*postv1.DeletePostResponse, error) {
	author := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*postv1.DeletePostResponse, error) {
		post, err := tx.Post.Get(ctx, req.GetPostId())
		if store.IsNotFound(err) || err == nil && post.Deleted {
			return nil, notFound()
		}
		if err != nil {
			return nil, err
		}
		if post.AuthorID != author {
			return nil, rpc.Fail(errorsv1.Reason_REASON_NOT_POST_AUTHOR, "only its author can delete a post")
		}
		// Two deletions at once must leave one event: the condition decides which of them it is.
		deleted, err := tx.Post.Update().Where(notDeleted(post.ID)).SetDeleted(true).SetText("").Save(ctx)
		if err != nil {
			return nil, err
		}
		if deleted == 0 {
			return nil, notFound()
		}
		return &postv1.DeletePostResponse{}, tx.Emit(&busv1.PostDeleted{
			PostId: post.ID, AuthorId: post.AuthorID, ReplyToId: post.ReplyToID,
		})
	})
	if err != nil {
		return nil, err
	}
	h.stamps.Changed(ctx, author, stamp.Posts, stamp.Edits)
	h.hints.Announce(bus.PostChanged, req.GetPostId())
	return answer, nil
}
