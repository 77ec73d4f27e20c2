package timeline

import (
	"context"

	entpost "github.com/pulse-social/pulse/ent/post"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// GetUserTimeline answers what one person has posted, straight from SQL: one author's posts are next to each other there.
func (h *handler) GetUserTimeline(ctx context.Context, req *timelinev1.GetUserTimelineRequest) (*timelinev1.GetUserTimelineResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	_, err = h.visibility.User(ctx, auth.Caller(ctx).UserID, req.GetUserId())
	if store.IsNotFound(err) {
		return nil, rpc.Fail(errorsv1.Reason_REASON_USER_NOT_FOUND, "there is no such person")
	}
	if err != nil {
		return nil, err
	}
	ofAuthor := func(ctx context.Context, r span, limit int) ([]int64, error) {
		return h.query(ctx, r, limit, entpost.AuthorID(req.GetUserId()))
	}
	p, err := h.read(ctx, cursor, ofAuthor, nil)
	if err != nil {
		return nil, err
	}
	return &timelinev1.GetUserTimelineResponse{Posts: p.posts, NextPageToken: p.older, NewerPageToken: p.newer}, nil
}
