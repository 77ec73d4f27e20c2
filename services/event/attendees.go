package event

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/pulse-social/pulse/ent/eventanswer"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/people"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// ListAttendees lists those who answered one thing, the first first.
func (h *handler) ListAttendees(ctx context.Context, req *eventv1.ListAttendeesRequest) (*eventv1.ListAttendeesResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	caller, answer := auth.Caller(ctx).UserID, int32(cmp.Or(req.GetAnswer(), eventv1.Answer_ANSWER_YES))
	row, err := visible(ctx, h.visibility, caller, req.GetEventId())
	if err != nil {
		return nil, err
	}
	if answer == no || answer == waiting {
		if err := requireRole(ctx, h.db.Client, row, caller, coHost); err != nil {
			return nil, err
		}
	}
	rows, err := h.db.EventAnswer.Query().Where(
		eventanswer.EventID(row.ID), eventanswer.Answer(answer), eventanswer.PlaceGT(cursor.After),
		visibility.SeenPersonIn(caller, eventanswer.FieldUserID), visibility.NotAcrossIn(caller, eventanswer.FieldUserID),
	).Order(eventanswer.ByPlace()).Limit(cursor.Size + 1).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read who answered: %w", err)
	}
	answered := &eventv1.ListAttendeesResponse{}
	if len(rows) > cursor.Size {
		rows = rows[:cursor.Size]
		answered.NextPageToken = cursor.Token(rows[cursor.Size-1].Place, page.Onward)
	}
	userIDs := make([]int64, len(rows))
	for i, one := range rows {
		userIDs[i] = one.UserID
	}
	users, err := people.Summaries(ctx, h.db, caller, userIDs)
	if err != nil {
		return nil, err
	}
	helpers, err := h.helpers(ctx, []int64{row.ID})
	if err != nil {
		return nil, err
	}
	hosts := append([]int64{row.HostID}, helpers[row.ID]...)
	answered.Attendees = linesOf(userIDs, users, func(i int, user *userv1.UserSummary) *eventv1.Attendee {
		return &eventv1.Attendee{User: user, Answer: eventv1.Answer(rows[i].Answer), Host: slices.Contains(hosts, user.GetId())}
	})
	return answered, nil
}

// linesOf answers the lines of a list of people; who has gone meanwhile is left out.
func linesOf[L any](userIDs []int64, users map[int64]*userv1.UserSummary, line func(i int, user *userv1.UserSummary) L) []L {
	lines := make([]L, 0, len(userIDs))
	for i, userID := range userIDs {
		if user := users[userID]; user != nil {
			lines = append(lines, line(i, user))
		}
	}
	return lines
}
