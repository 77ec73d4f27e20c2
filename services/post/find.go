package post

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// visible answers a post that the viewer may see, or POST_NOT_FOUND.
func visible(ctx context.Context, policy *visibility.Policy, viewer, postID int64) (*ent.Post, error) {
	post, err := policy.Post(ctx, viewer, postID)
	if store.IsNotFound(err) {
		return nil, notFound()
	}
	return post, err
}

func notFound() error {
	return rpc.Fail(errorsv1.Reason_REASON_POST_NOT_FOUND, "there is no such post")
}

// original is [visible] for what is done with posts: of a repost it is the post that it passes on.
func original(ctx context.Context, policy *visibility.Policy, viewer, postID int64) (*ent.Post, error) {
	post, err := visible(ctx, policy, viewer, postID)
	if err != nil || post.RepostOfID == 0 {
		return post, err
	}
	return visible(ctx, policy, viewer, post.RepostOfID)
}

// repliable answers the post that somebody wants to reply to.
func (h *handler) repliable(ctx context.Context, seen *visibility.Policy, author, postID int64) (*ent.Post, error) {
	parent, err := original(ctx, seen, author, postID)
	if err != nil {
		return nil, err
	}
	may, err := seen.MayReply(ctx, author, parent)
	if err == nil && !may {
		err = rpc.Fail(errorsv1.Reason_REASON_REPLY_NOT_ALLOWED, "the author of the post does not want replies from you")
	}
	return parent, err
}

// quotable answers the post that somebody wants to quote.
func (h *handler) quotable(ctx context.Context, seen *visibility.Policy, author, postID int64) (*ent.Post, error) {
	quoted, err := original(ctx, seen, author, postID)
	if err != nil {
		return nil, err
	}
	shown, err := open(ctx, seen, quoted)
	if err == nil && !shown {
		err = rpc.Fail(errorsv1.Reason_REASON_QUOTE_NOT_ALLOWED, "not everyone may see this post, so it cannot be quoted")
	}
	return quoted, err
}
