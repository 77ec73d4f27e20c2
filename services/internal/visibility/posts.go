package visibility

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/account"
	"github.com/pulse-social/pulse/ent/block"
	"github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/postmention"
	"github.com/pulse-social/pulse/ent/predicate"
	"github.com/pulse-social/pulse/ent/profile"
)

// Post answers a post that the viewer may see; the error is ent's not-found otherwise.
func (p *Policy) Post(ctx context.Context, viewer, postID int64) (*ent.Post, error) {
	found, err := p.db.Post.Query().Where(post.ID(postID), SeenPosts(viewer)).Only(ctx)
	return found, annotate("look for the post", err)
}

// Posts answers those of the posts that the viewer may see, by id.
func (p *Policy) Posts(ctx context.Context, viewer int64, postIDs []int64) (map[int64]*ent.Post, error) {
	if len(postIDs) == 0 {
		return nil, nil
	}
	rows, err := p.db.Post.Query().Where(post.IDIn(postIDs...), SeenPosts(viewer)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for posts: %w", err)
	}
	seen := make(map[int64]*ent.Post, len(rows))
	for _, row := range rows {
		seen[row.ID] = row
	}
	return seen, nil
}

// SeenPosts matches the posts that the viewer may see: for queries that look for posts, so that their pages are full.
func SeenPosts(userID int64) predicate.Post { return seenPosts(viewer{id: userID}) }

// SeenPostsBy is [SeenPosts] for whomever a column of the query names, and who is never nobody.
func SeenPostsBy(column string) predicate.Post { return seenPosts(viewer{column: column}) }

// seenPosts is [SeenPosts] for a viewer whom the query itself may name.
func seenPosts(viewer viewer) predicate.Post {
	return func(s *entsql.Selector) {
		s.Where(seen(s.C, viewer))
		// Most posts are no reposts, and need no second look.
		original := entsql.Table(post.Table).As("original")
		s.Where(entsql.Or(
			entsql.EQ(s.C(post.FieldRepostOfID), 0),
			entsql.Exists(entsql.Select(original.C(post.FieldID)).From(original).Where(entsql.And(
				entsql.ColumnsEQ(original.C(post.FieldID), s.C(post.FieldRepostOfID)),
				seen(original.C, viewer),
			))),
		))
	}
}

// SeenPostIn matches rows whose column names a post that the viewer may see: for lists of what people did with posts.
func SeenPostIn(viewer int64, column string) func(*entsql.Selector) {
	return func(s *entsql.Selector) {
		posts := entsql.Select().From(entsql.Table(post.Table))
		posts.Select(posts.C(post.FieldID)).Where(entsql.ColumnsEQ(posts.C(post.FieldID), s.C(column)))
		SeenPosts(viewer)(posts)
		s.Where(entsql.Exists(posts))
	}
}

// columns answers the name of a column of a post, as it is called in a query.
type columns func(string) string

// seen is the rule for one post, whatever it passes on.
func seen(c columns, viewer viewer) *entsql.Predicate {
	there, author := entsql.EQ(c(post.FieldDeleted), false), c(post.FieldAuthorID)
	open := entsql.And(entsql.LTE(c(post.FieldAudience), audienceUnlisted), entsql.Not(private(author)))
	if viewer.anonymous() {
		return entsql.And(there, active(author), open)
	}
	return entsql.And(there, entsql.Or(
		viewer.is(author),
		entsql.And(active(author), entsql.Not(blocked(author, viewer)), entsql.Or(
			open,
			entsql.And(entsql.LTE(c(post.FieldAudience), audienceFollowers), follows(author, viewer)),
			mentions(c, viewer),
		)),
	))
}

// active tells that the account of the owner, whom a column names, is.
func active(owner string) *entsql.Predicate {
	accounts := entsql.Table(account.Table)
	return entsql.Exists(entsql.Select(accounts.C(account.FieldID)).From(accounts).Where(entsql.And(
		entsql.ColumnsEQ(accounts.C(account.FieldID), owner),
		entsql.EQ(accounts.C(account.FieldState), accountActive),
	)))
}

// private tells that the owner's account is.
func private(owner string) *entsql.Predicate {
	profiles := entsql.Table(profile.Table)
	return entsql.Exists(entsql.Select(profiles.C(profile.FieldID)).From(profiles).Where(entsql.And(
		entsql.ColumnsEQ(profiles.C(profile.FieldID), owner),
		entsql.EQ(profiles.C(profile.FieldPrivate), true),
	)))
}

// blocked tells that there is a block between the owner and the viewer.
func blocked(owner string, viewer viewer) *entsql.Predicate {
	blocks := entsql.Table(block.Table)
	between := func(one, other string) *entsql.Predicate {
		return entsql.Exists(entsql.Select(blocks.C(block.FieldID)).From(blocks).Where(entsql.And(
			entsql.ColumnsEQ(blocks.C(one), owner),
			viewer.is(blocks.C(other)),
		)))
	}
	return entsql.Or(between(block.FieldBlockerID, block.FieldBlockedID), between(block.FieldBlockedID, block.FieldBlockerID))
}

// follows tells that the viewer follows the owner.
func follows(owner string, viewer viewer) *entsql.Predicate {
	followed := entsql.Table(follow.Table)
	return entsql.Exists(entsql.Select(followed.C(follow.FieldID)).From(followed).Where(entsql.And(
		viewer.is(followed.C(follow.FieldFollowerID)),
		entsql.ColumnsEQ(followed.C(follow.FieldFolloweeID), owner),
	)))
}

// mentions tells that the post mentions the viewer.
func mentions(c columns, viewer viewer) *entsql.Predicate {
	mentioned := entsql.Table(postmention.Table)
	return entsql.Exists(entsql.Select(mentioned.C(postmention.FieldID)).From(mentioned).Where(entsql.And(
		entsql.ColumnsEQ(mentioned.C(postmention.FieldPostID), c(post.FieldID)),
		viewer.is(mentioned.C(postmention.FieldUserID)),
	)))
}
