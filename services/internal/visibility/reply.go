package visibility

import (
	"context"
	"fmt"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/postmention"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
)

// MayReply tells whether a person may reply to a post that they may see.
func (p *Policy) MayReply(ctx context.Context, replier int64, to *ent.Post) (bool, error) {
	policy := postv1.ReplyPolicy(to.ReplyPolicy)
	if to.AuthorID == replier || policy == postv1.ReplyPolicy_REPLY_POLICY_EVERYONE {
		return true, nil
	}
	if policy == postv1.ReplyPolicy_REPLY_POLICY_NOBODY {
		return false, nil
	}
	may, err := p.db.PostMention.Query().Where(postmention.PostID(to.ID), postmention.UserID(replier)).Exist(ctx)
	switch {
	case err != nil || may:
	case policy == postv1.ReplyPolicy_REPLY_POLICY_FOLLOWERS:
		may, err = p.follows(ctx, replier, to.AuthorID)
	case policy == postv1.ReplyPolicy_REPLY_POLICY_FOLLOWED:
		may, err = p.follows(ctx, to.AuthorID, replier)
	}
	if err != nil {
		return false, fmt.Errorf("look whether they may reply: %w", err)
	}
	return may, nil
}

// follows tells whether one person follows another.
func (p *Policy) follows(ctx context.Context, follower, followee int64) (bool, error) {
	return p.db.Follow.Query().Where(follow.FollowerID(follower), follow.FolloweeID(followee)).Exist(ctx)
}
