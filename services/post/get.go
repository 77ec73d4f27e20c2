package post

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
)

// GetPost answers one post.
func (h *handler) GetPost(ctx context.Context, req *postv1.GetPostRequest) (*postv1.GetPostResponse, error) {
	row, err := visible(ctx, h.visibility, req.GetPostId())
	if err != nil {
		return nil, err
	}
	post := toProto(row)
	return &postv1.GetPostResponse{Post: post}, h.complete(ctx, post)
}

// BatchGetPosts answers those of the posts that the caller may see, in the order asked.
func (h *handler) BatchGetPosts(ctx context.Context, req *postv1.BatchGetPostsRequest) (*postv1.BatchGetPostsResponse, error) {
	found, err := h.visibility.Posts(ctx, auth.Caller(ctx).UserID, req.GetPostIds())
	if err != nil {
		return nil, err
	}
	rows := make([]*ent.Post, 0, len(found))
	for _, postID := range req.GetPostIds() {
		if row := found[postID]; row != nil {
			rows = append(rows, row)
		}
	}
	posts, err := h.render(ctx, rows)
	return &postv1.BatchGetPostsResponse{Posts: posts}, err
}
