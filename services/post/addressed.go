package post

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/postmention"
	"github.com/pulse-social/pulse/services/internal/store"
)

// addressed answers the post that a reply answers, which its author no longer sees, if the reply is for its author too: they
// do not lose what was said to them because theirs was deleted. An account that is gone is addressed no longer.
func addressed(ctx context.Context, tx *store.Tx, reply *ent.Post) (*ent.Post, error) {
	parent, err := tx.Post.Get(ctx, reply.ReplyToID)
	if err != nil {
		return nil, err
	}
	still, err := tx.PostMention.Query().Where(postmention.PostID(reply.ID), postmention.UserID(parent.AuthorID)).Exist(ctx)
	if !still {
		return nil, err
	}
	return parent, err
}
