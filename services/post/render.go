package post

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/like"
	"github.com/pulse-social/pulse/ent/postcount"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/people"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// visible answers a post that the caller may see, or POST_NOT_FOUND.
func visible(ctx context.Context, policy *visibility.Policy, postID int64) (*ent.Post, error) {
	post, err := policy.Post(ctx, auth.Caller(ctx).UserID, postID)
	if store.IsNotFound(err) {
		return nil, notFound()
	}
	return post, err
}

func notFound() error {
	return rpc.Fail(errorsv1.Reason_REASON_POST_NOT_FOUND, "there is no such post")
}

// toProto is what a post's row says by itself; complete adds the rest.
func toProto(post *ent.Post) *postv1.Post {
	return &postv1.Post{
		Id:         post.ID,
		Author:     &userv1.UserSummary{Id: post.AuthorID},
		Text:       post.Text,
		ReplyToId:  post.ReplyToID,
		ThreadId:   post.ThreadID,
		CreateTime: timestamppb.New(id.Time(post.ID)),
	}
}

// render answers posts completed, in the given order.
func (h *handler) render(ctx context.Context, rows []*ent.Post) ([]*postv1.Post, error) {
	posts := make([]*postv1.Post, len(rows))
	for i, row := range rows {
		posts[i] = toProto(row)
	}
	return posts, h.complete(ctx, posts...)
}

// completeNew is complete for a post of the caller's that was written just now: nobody has replied to it or likes it.
func (h *handler) completeNew(ctx context.Context, post *postv1.Post) error {
	caller := auth.Caller(ctx).UserID
	authors, err := people.Summaries(ctx, h.db, h.visibility, caller, []int64{caller})
	if err != nil {
		return err
	}
	if author := authors[caller]; author != nil {
		post.Author = author
	}
	post.Counts, post.Viewer = &postv1.PostCounts{}, &postv1.PostViewer{}
	return nil
}

// complete adds author, counts and viewer to posts, with one query for each kind whatever the number of posts.
func (h *handler) complete(ctx context.Context, posts ...*postv1.Post) error {
	if len(posts) == 0 {
		return nil
	}
	viewer := auth.Caller(ctx).UserID
	postIDs, authorIDs := make([]int64, len(posts)), make([]int64, len(posts))
	for i, post := range posts {
		postIDs[i], authorIDs[i] = post.GetId(), post.GetAuthor().GetId()
	}
	authors, err := people.Summaries(ctx, h.db, h.visibility, viewer, authorIDs)
	if err != nil {
		return err
	}
	counts, err := h.counts(ctx, postIDs)
	if err != nil {
		return err
	}
	liked, err := h.liked(ctx, viewer, postIDs)
	if err != nil {
		return err
	}
	for _, post := range posts {
		if author := authors[post.GetAuthor().GetId()]; author != nil {
			post.Author = author
		}
		post.Counts = &postv1.PostCounts{}
		if c := counts[post.GetId()]; c != nil {
			post.Counts.Likes, post.Counts.Replies = c.Likes, c.Replies
		}
		if viewer != 0 {
			post.Viewer = &postv1.PostViewer{Liked: liked[post.GetId()]}
		}
	}
	return nil
}

// counts answers the counts of posts, by id.
func (h *handler) counts(ctx context.Context, postIDs []int64) (map[int64]*ent.PostCount, error) {
	rows, err := h.db.PostCount.Query().Where(postcount.IDIn(postIDs...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read counts: %w", err)
	}
	counts := make(map[int64]*ent.PostCount, len(rows))
	for _, row := range rows {
		counts[row.ID] = row
	}
	return counts, nil
}

// liked answers which of the posts a person likes.
func (h *handler) liked(ctx context.Context, userID int64, postIDs []int64) (map[int64]bool, error) {
	if userID == 0 {
		return nil, nil
	}
	rows, err := h.db.Like.Query().Where(like.UserID(userID), like.PostIDIn(postIDs...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read likes: %w", err)
	}
	liked := make(map[int64]bool, len(rows))
	for _, row := range rows {
		liked[row.PostID] = true
	}
	return liked, nil
}
