package event

import (
	"context"

	"github.com/pulse-social/pulse/ent/eventanswer"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/store"
)

// RespondToEvent says whether the caller comes.
func (h *handler) RespondToEvent(ctx context.Context, req *eventv1.RespondToEventRequest) (*eventv1.RespondToEventResponse, error) {
	caller := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*eventv1.RespondToEventResponse, error) {
		row, err := h.hold(ctx, tx, caller, req.GetEventId())
		if err != nil {
			return nil, err
		}
		if err := open(tx, row); err != nil {
			return nil, err
		}
		if err := respond(ctx, tx, row, caller, int32(req.GetAnswer())); err != nil {
			return nil, err
		}
		return &eventv1.RespondToEventResponse{Event: toProto(row)}, nil
	})
	if err != nil {
		return nil, err
	}
	answer.Event, err = h.refreshed(ctx, caller, answer.GetEvent())
	return answer, err
}

// WithdrawAnswer takes the caller's answer back. Who answered may, whether they see the meetup any more or not.
func (h *handler) WithdrawAnswer(ctx context.Context, req *eventv1.WithdrawAnswerRequest) (*eventv1.WithdrawAnswerResponse, error) {
	caller := auth.Caller(ctx).UserID
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*eventv1.WithdrawAnswerResponse, error) {
		answer := &eventv1.WithdrawAnswerResponse{}
		answered, err := tx.EventAnswer.Query().Where(eventanswer.EventID(req.GetEventId()), eventanswer.UserID(caller)).Exist(ctx)
		if err != nil {
			return nil, err
		}
		if !answered {
			_, err := visible(ctx, h.visibility.In(tx.Client), caller, req.GetEventId())
			return answer, err
		}
		row, err := holdRow(ctx, tx, req.GetEventId())
		if store.IsNotFound(err) {
			return nil, noEvent()
		}
		if err != nil {
			return nil, err
		}
		return answer, respond(ctx, tx, row, caller, unanswered)
	})
}
