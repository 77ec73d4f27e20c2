package post

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	entpoll "github.com/pulse-social/pulse/ent/poll"
	"github.com/pulse-social/pulse/ent/polloption"
	entpost "github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/postmention"
	"github.com/pulse-social/pulse/ent/posttag"
	"github.com/pulse-social/pulse/ent/postversion"
	"github.com/pulse-social/pulse/ent/predicate"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// DeletePost deletes a post of the caller: what it says is gone for good, the row stays for the thread around it.
func (h *handler) DeletePost(ctx context.Context, req *postv1.DeletePostRequest) (*postv1.DeletePostResponse, error) {
	author := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*postv1.DeletePostResponse, error) {
		post, err := visible(ctx, h.visibility.In(tx.Client), author, req.GetPostId())
		if err != nil {
			return nil, err
		}
		if post.AuthorID != author {
			return nil, rpc.Fail(errorsv1.Reason_REASON_NOT_POST_AUTHOR, "only its author can delete a post")
		}
		deleted, err := remove(ctx, tx, post)
		if err == nil && !deleted {
			err = notFound()
		}
		return &postv1.DeletePostResponse{}, err
	})
	if err != nil {
		return nil, err
	}
	h.stamps.Changed(ctx, author, stamp.Posts, stamp.Likes, stamp.Edits)
	h.hints.Announce(bus.PostChanged, req.GetPostId())
	return answer, nil
}

// remove deletes a post with all that belongs to it, and tells whether it was still there.
func remove(ctx context.Context, tx *store.Tx, post *ent.Post) (bool, error) {
	// Two deletions at once must leave one event: the condition decides which of them it is.
	deleted, err := tx.Post.Update().Where(notDeleted(post.ID)).
		SetDeleted(true).SetText("").SetContentWarning("").SetLanguage("").ClearFacets().ClearMedia().Save(ctx)
	if err != nil || deleted == 0 {
		return false, err
	}
	if post.Version > 1 {
		if _, err := tx.PostVersion.Delete().Where(postversion.PostID(post.ID)).Exec(ctx); err != nil {
			return false, err
		}
	}
	if post.RepostOfID == 0 {
		if err := unreference(ctx, tx, post.ID); err != nil {
			return false, err
		}
	}
	if len(post.Media) > 0 || post.Version > 1 {
		if err := detach(ctx, tx, post.ID); err != nil {
			return false, err
		}
	}
	if post.HasPoll {
		if _, err := tx.PollOption.Delete().Where(polloption.PostID(post.ID)).Exec(ctx); err != nil {
			return false, err
		}
		if _, err := tx.Poll.Delete().Where(entpoll.ID(post.ID)).Exec(ctx); err != nil {
			return false, err
		}
	}
	return true, tx.Emit(&busv1.PostDeleted{
		PostId: post.ID, AuthorId: post.AuthorID, ReplyToId: post.ReplyToID, RepostOfId: post.RepostOfID, QuoteOfId: post.QuoteOfID,
	})
}

// unreference deletes the rows by which a post is found for those whom it mentions, and under its hashtags.
func unreference(ctx context.Context, tx *store.Tx, postID int64) error {
	if _, err := tx.PostMention.Delete().Where(postmention.PostID(postID)).Exec(ctx); err != nil {
		return err
	}
	_, err := tx.PostTag.Delete().Where(posttag.PostID(postID)).Exec(ctx)
	return err
}

// notDeleted matches a post that is still there.
func notDeleted(postID int64) predicate.Post {
	return entpost.And(entpost.ID(postID), entpost.Deleted(false))
}
