package post

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// Audiences grow narrower with their values.

// restricted tells whether an audience is not everyone.
func restricted(audience postv1.Audience) bool { return audience > postv1.Audience_AUDIENCE_UNLISTED }

// replyAudience answers who sees a reply to a post of some audience. Who replies among a few does not tell everybody of it.
func replyAudience(asked, parent postv1.Audience) (postv1.Audience, error) {
	switch {
	case asked == postv1.Audience_AUDIENCE_UNSPECIFIED && restricted(parent):
		return parent, nil
	case asked == postv1.Audience_AUDIENCE_UNSPECIFIED:
		return postv1.Audience_AUDIENCE_PUBLIC, nil
	case restricted(parent) && asked < parent:
		return 0, rpc.Fail(errorsv1.Reason_REASON_REPLY_AUDIENCE_TOO_WIDE,
			"the post that you reply to is for fewer people than your reply: leave audience out to take over that of the post")
	}
	return asked, nil
}

// open tells whether everyone may see a post, signed in or not.
func open(ctx context.Context, seen *visibility.Policy, post *ent.Post) (bool, error) {
	_, err := seen.Post(ctx, 0, post.ID)
	if store.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}
