package timeline

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	entpost "github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/predicate"
	"github.com/pulse-social/pulse/ent/userlist"
	"github.com/pulse-social/pulse/ent/userlistmember"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/rpc"
)

// GetListTimeline answers what the people on a list of the caller's have posted.
func (h *handler) GetListTimeline(ctx context.Context, req *timelinev1.GetListTimelineRequest) (*timelinev1.GetListTimelineResponse, error) {
	p, err := h.answer(ctx, req, func(page.Cursor) (opened, error) { return h.openList(ctx, req.GetListId()) })
	if err != nil {
		return nil, err
	}
	return rpc.AnswerWith(ctx, &timelinev1.GetListTimelineResponse{}, p.joined()), nil
}

// openList opens the timeline of a list that the caller keeps.
func (h *handler) openList(ctx context.Context, listID int64) (opened, error) {
	kept, err := h.db.UserList.Query().Where(userlist.ID(listID), userlist.OwnerID(auth.Caller(ctx).UserID)).Exist(ctx)
	if err != nil {
		return opened{}, fmt.Errorf("look for the list: %w", err)
	}
	if !kept {
		return opened{}, rpc.Fail(errorsv1.Reason_REASON_LIST_NOT_FOUND, "you keep no such list")
	}
	return h.matching(ctx, ofMembers(listID)), nil
}

// ofMembers matches the posts of the people on a list.
func ofMembers(listID int64) predicate.Post {
	return func(s *entsql.Selector) {
		members := entsql.Table(userlistmember.Table)
		s.Where(entsql.In(s.C(entpost.FieldAuthorID), entsql.Select(members.C(userlistmember.FieldUserID)).From(members).
			Where(entsql.EQ(members.C(userlistmember.FieldListID), listID))))
	}
}
