package post

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
)

// GetPost answers one post.
func (h *handler) GetPost(ctx context.Context, req *postv1.GetPostRequest) (*postv1.GetPostResponse, error) {
	row, err := visible(ctx, h.visibility, auth.Caller(ctx).UserID, req.GetPostId())
	if err != nil {
		return nil, err
	}
	post, err := h.renderOne(ctx, row)
	return &postv1.GetPostResponse{Post: post}, err
}

// BatchGetPosts answers those of the posts that the caller may see, in the order asked.
func (h *handler) BatchGetPosts(ctx context.Context, req *postv1.BatchGetPostsRequest) (*postv1.BatchGetPostsResponse, error) {
	found, err := h.visibility.Posts(ctx, auth.Caller(ctx).UserID, req.GetPostIds())
	if err != nil {
		return nil, err
	}
	posts, err := h.render(ctx, inOrder(req.GetPostIds(), found))
	return &postv1.BatchGetPostsResponse{Posts: posts}, err
}

// inOrder answers what was found of posts in the order of their ids.
func inOrder(postIDs []int64, found map[int64]*ent.Post) []*ent.Post {
	rows := make([]*ent.Post, 0, len(found))
	for _, postID := range postIDs {
		if row := found[postID]; row != nil {
			rows = append(rows, row)
		}
	}
	return rows
}
