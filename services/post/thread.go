package post

import (
	"context"
	"fmt"
	"slices"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/mute"
	entpost "github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/predicate"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// maxAncestors bounds how far up a thread is shown.
const maxAncestors = 100

// GetThread answers a post between what it replies to and what replies to it.
func (h *handler) GetThread(ctx context.Context, req *postv1.GetThreadRequest) (*postv1.GetThreadResponse, error) {
	post, cursor, err := h.openPage(ctx, req)
	if err != nil {
		return nil, err
	}
	ancestors, err := h.ancestors(ctx, post)
	if err != nil {
		return nil, err
	}
	replies, next, err := h.replies(ctx, post.ID, cursor)
	if err != nil {
		return nil, err
	}
	rendered, err := h.render(ctx, slices.Concat(ancestors, []*ent.Post{post}, replies))
	if err != nil {
		return nil, err
	}
	return &postv1.GetThreadResponse{
		Ancestors:     rendered[:len(ancestors)],
		Post:          rendered[len(ancestors)],
		Replies:       rendered[len(ancestors)+1:],
		NextPageToken: next,
	}, nil
}

// ancestors answers the visible posts above a post, the first of the thread first, in one recursive query.
func (h *handler) ancestors(ctx context.Context, post *ent.Post) ([]*ent.Post, error) {
	if post.ReplyToID == 0 {
		return nil, nil
	}
	posts := entsql.Table(entpost.Table)
	up := entsql.WithRecursive("up", entpost.FieldID, entpost.FieldReplyToID, "steps")
	parent := entsql.Table("up")
	up.As(
		entsql.Select(posts.C(entpost.FieldID), posts.C(entpost.FieldReplyToID)).AppendSelectExpr(entsql.Raw("1")).
			From(posts).Where(entsql.EQ(posts.C(entpost.FieldID), post.ReplyToID)).
			UnionAll(entsql.Select(posts.C(entpost.FieldID), posts.C(entpost.FieldReplyToID)).AppendSelectExpr(entsql.Raw("steps + 1")).
				From(posts).Join(parent).On(posts.C(entpost.FieldID), parent.C(entpost.FieldReplyToID)).
				Where(entsql.LT(parent.C("steps"), maxAncestors))),
	)
	found, err := h.db.Post.Query().Where(func(s *entsql.Selector) {
		s.Prefix(up)
		s.Where(entsql.In(s.C(entpost.FieldID), entsql.Select(entpost.FieldID).From(entsql.Table("up"))))
	}).Order(entpost.ByID()).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the posts above: %w", err)
	}
	visible, err := h.visibility.Posts(ctx, auth.Caller(ctx).UserID, found)
	if err != nil {
		return nil, err
	}
	return inOrder(found, visible), nil
}

// replies answers a page of the direct replies to a post that the caller may and wants to see, and the token of the next.
func (h *handler) replies(ctx context.Context, postID int64, cursor page.Cursor) ([]*ent.Post, string, error) {
	viewer := auth.Caller(ctx).UserID
	rows, err := h.db.Post.Query().
		Where(entpost.ReplyToID(postID), entpost.IDGT(cursor.After), visibility.SeenPosts(viewer), notMuted(viewer, h.now())).
		Order(entpost.ByID()).Limit(cursor.Size + 1).All(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("read replies: %w", err)
	}
	rows, next := cut(cursor, rows, func(p *ent.Post) int64 { return p.ID })
	return rows, next, nil
}

// notMuted matches the posts of people whom the viewer does not mute now.
func notMuted(viewer int64, now time.Time) predicate.Post {
	return func(s *entsql.Selector) {
		if viewer == 0 {
			return
		}
		mutes := entsql.Table(mute.Table)
		s.Where(entsql.NotExists(entsql.Select(mutes.C(mute.FieldID)).From(mutes).Where(entsql.And(
			entsql.EQ(mutes.C(mute.FieldMuterID), viewer),
			entsql.ColumnsEQ(mutes.C(mute.FieldMutedID), s.C(entpost.FieldAuthorID)),
			entsql.Or(entsql.IsNull(mutes.C(mute.FieldExpiresAt)), entsql.GT(mutes.C(mute.FieldExpiresAt), now)),
		))))
	}
}
