package timeline

import (
	"context"

	entpost "github.com/pulse-social/pulse/ent/post"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// GetUserTimeline answers what one person has posted, straight from SQL: one author's posts are next to each other there.
func (h *handler) GetUserTimeline(ctx context.Context, req *timelinev1.GetUserTimelineRequest) (*timelinev1.GetUserTimelineResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	caller := auth.Caller(ctx)
	_, err = h.visibility.User(ctx, caller.UserID, req.GetUserId())
	if store.IsNotFound(err) {
		return nil, rpc.Fail(errorsv1.Reason_REASON_USER_NOT_FOUND, "there is no such person")
	}
	if err != nil {
		return nil, err
	}
	ofAuthor := func(ctx context.Context, r span, limit int) ([]int64, error) {
		return h.query(ctx, caller.UserID, r, limit, entpost.AuthorID(req.GetUserId()))
	}
	viewer := reader{id: caller.UserID, view: h.viewerOf(ctx, caller)}
	p, err := readEach(ctx, cursor, h.now(), ofAuthor, func(ctx context.Context, ids []int64) ([]readPost, error) {
		return h.posts.read(ctx, viewer, ids)
	})
	if err != nil {
		return nil, err
	}
	p.signedIn = caller.SignedIn()
	return rpc.AnswerWith(ctx, &timelinev1.GetUserTimelineResponse{}, p.joined()), nil
}

// viewerOf answers what is kept of a caller, nil for nobody and when Redis is away.
func (h *handler) viewerOf(ctx context.Context, caller auth.Principal) *view {
	if !caller.SignedIn() {
		return nil
	}
	replies, err := h.lists.kv.Replies(ctx, h.viewers.stamps.Read(caller.UserID))
	if err != nil {
		return nil
	}
	stamps, err := stamp.Parse(replies[0])
	if err != nil {
		return nil
	}
	v, err := h.viewers.under(ctx, caller.UserID, stamps)
	if err != nil {
		return nil
	}
	return v
}
