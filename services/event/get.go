package event

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/store"
)

// GetEvent answers one meetup.
func (h *handler) GetEvent(ctx context.Context, req *eventv1.GetEventRequest) (*eventv1.GetEventResponse, error) {
	caller := auth.Caller(ctx).UserID
	row, err := visible(ctx, h.visibility, caller, req.GetEventId())
	if err != nil {
		return nil, err
	}
	events, err := h.render(ctx, caller, []*ent.Event{row})
	if err != nil {
		return nil, err
	}
	if len(events) == 0 {
		return nil, noEvent()
	}
	return &eventv1.GetEventResponse{Event: events[0]}, nil
}

// BatchGetEvents answers those of the meetups that the caller may see, in the order asked.
func (h *handler) BatchGetEvents(ctx context.Context, req *eventv1.BatchGetEventsRequest) (*eventv1.BatchGetEventsResponse, error) {
	caller := auth.Caller(ctx).UserID
	found, err := h.visibility.Events(ctx, caller, req.GetEventIds())
	if err != nil {
		return nil, err
	}
	rows := make([]*ent.Event, 0, len(found))
	for _, eventID := range req.GetEventIds() {
		if row := found[eventID]; row != nil {
			rows = append(rows, row)
		}
	}
	events, err := h.render(ctx, caller, rows)
	return &eventv1.BatchGetEventsResponse{Events: events}, err
}

// refreshed answers a meetup as it is now, for a kept answer to an idempotent call may be old; or as it was answered when the
// caller does not see it any more.
func (h *handler) refreshed(ctx context.Context, caller int64, answer *eventv1.Event) (*eventv1.Event, error) {
	row, err := h.visibility.Event(ctx, caller, answer.GetId())
	if store.IsNotFound(err) {
		return answer, nil
	}
	if err != nil {
		return nil, err
	}
	events, err := h.render(ctx, caller, []*ent.Event{row})
	if err != nil || len(events) == 0 {
		return answer, err
	}
	return events[0], nil
}
