package post

import (
	"context"
	"fmt"
	"slices"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	entpost "github.com/pulse-social/pulse/ent/post"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/page"
)

// maxAncestors bounds how far up a thread is shown.
const maxAncestors = 100

// GetThread answers a post between what it replies to and what replies to it.
func (h *handler) GetThread(ctx context.Context, req *postv1.GetThreadRequest) (*postv1.GetThreadResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	post, err := visible(ctx, h.visibility, req.GetPostId())
	if err != nil {
		return nil, err
	}
	ancestors, err := h.ancestors(ctx, post)
	if err != nil {
		return nil, err
	}
	replies, more, err := h.replies(ctx, post.ID, cursor)
	if err != nil {
		return nil, err
	}
	rendered, err := h.render(ctx, slices.Concat(ancestors, []*ent.Post{post}, replies))
	if err != nil {
		return nil, err
	}
	answer := &postv1.GetThreadResponse{
		Ancestors: rendered[:len(ancestors)],
		Post:      rendered[len(ancestors)],
		Replies:   rendered[len(ancestors)+1:],
	}
	if more {
		answer.NextPageToken = cursor.Token(replies[len(replies)-1].ID, page.Onward)
	}
	return answer, nil
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
	rows := make([]*ent.Post, 0, len(visible))
	for _, postID := range found {
		if row := visible[postID]; row != nil {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// replies answers a page of the visible direct replies to a post, and whether there are more.
func (h *handler) replies(ctx context.Context, postID int64, cursor page.Cursor) ([]*ent.Post, bool, error) {
	viewer := auth.Caller(ctx).UserID
	after := cursor.After
	var rows []*ent.Post
	for {
		ids, err := h.db.Post.Query().
			Where(entpost.ReplyToID(postID), entpost.Deleted(false), entpost.IDGT(after)).
			Order(entpost.ByID()).Limit(cursor.Size + 1).IDs(ctx)
		if err != nil {
			return nil, false, fmt.Errorf("read replies: %w", err)
		}
		visible, err := h.visibility.Posts(ctx, viewer, ids)
		if err != nil {
			return nil, false, err
		}
		for _, replyID := range ids {
			after = replyID
			if row := visible[replyID]; row != nil {
				rows = append(rows, row)
			}
			if len(rows) > cursor.Size {
				return rows[:cursor.Size], true, nil
			}
		}
		if len(ids) <= cursor.Size {
			return rows, false, nil
		}
	}
}
