package post

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	entpost "github.com/pulse-social/pulse/ent/post"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// RepostPost passes a post on for the caller, once.
func (h *handler) RepostPost(ctx context.Context, req *postv1.RepostPostRequest) (*postv1.RepostPostResponse, error) {
	user := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*postv1.RepostPostResponse, error) {
		repost, err := h.repost(ctx, tx, user, req.GetPostId())
		if err != nil {
			return nil, err
		}
		return &postv1.RepostPostResponse{Post: toProto(repost)}, nil
	})
	if err != nil {
		return nil, err
	}
	h.stamps.Changed(ctx, user, stamp.Posts, stamp.Likes)
	answer.Post, err = h.published(ctx, nil, answer.GetPost())
	return answer, err
}

// repost answers a person's repost of a post, and makes it when there is none.
func (h *handler) repost(ctx context.Context, tx *store.Tx, user, postID int64) (*ent.Post, error) {
	seen := h.visibility.In(tx.Client)
	post, err := original(ctx, seen, user, postID)
	if err != nil {
		return nil, err
	}
	shown, err := open(ctx, seen, post)
	if err != nil {
		return nil, err
	}
	if !shown {
		return nil, rpc.Fail(errorsv1.Reason_REASON_REPOST_NOT_ALLOWED, "not everyone may see this post, so it cannot be reposted")
	}
	repost, err := repostOf(ctx, tx, user, post.ID)
	if !store.IsNotFound(err) {
		return repost, err
	}
	repostID := tx.NewID()
	repost, err = tx.Post.Create().SetID(repostID).SetAuthorID(user).SetText("").SetThreadID(repostID).SetRepostOfID(post.ID).Save(ctx)
	if err != nil {
		return nil, err
	}
	return repost, emitCreated(tx, repost, true)
}

// repostOf answers a person's repost of a post.
func repostOf(ctx context.Context, tx *store.Tx, user, postID int64) (*ent.Post, error) {
	return tx.Post.Query().Where(entpost.RepostOfID(postID), entpost.AuthorID(user), visibility.SeenPosts(user)).Only(ctx)
}

// UnrepostPost takes the caller's repost back, if there is one.
func (h *handler) UnrepostPost(ctx context.Context, req *postv1.UnrepostPostRequest) (*postv1.UnrepostPostResponse, error) {
	user, gone := auth.Caller(ctx).UserID, int64(0)
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*postv1.UnrepostPostResponse, error) {
		answer := &postv1.UnrepostPostResponse{}
		post, err := original(ctx, h.visibility.In(tx.Client), user, req.GetPostId())
		if err != nil {
			return nil, err
		}
		repost, err := repostOf(ctx, tx, user, post.ID)
		if store.IsNotFound(err) {
			return answer, nil
		}
		if err == nil {
			gone = repost.ID
			_, err = remove(ctx, tx, repost)
		}
		return answer, err
	})
	if err != nil {
		return nil, err
	}
	h.stamps.Changed(ctx, user, stamp.Posts, stamp.Likes, stamp.Edits)
	if gone != 0 {
		h.hints.Announce(bus.PostChanged, gone)
	}
	return answer, nil
}
