package event

import (
	"context"

	"github.com/pulse-social/pulse/ent/eventreminder"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/store"
)

// CancelEvent cancels a meetup for good.
func (h *handler) CancelEvent(ctx context.Context, req *eventv1.CancelEventRequest) (*eventv1.CancelEventResponse, error) {
	caller := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*eventv1.CancelEventResponse, error) {
		row, err := h.holdAs(ctx, tx, caller, req.GetEventId(), host)
		if err != nil {
			return nil, err
		}
		answer := &eventv1.CancelEventResponse{Event: toProto(row)}
		if row.Cancelled {
			return answer, nil
		}
		answer.Event.Cancelled = true
		if err := tx.Event.UpdateOneID(row.ID).SetCancelled(true).AddVersion(1).SetChangedAt(tx.Now).Exec(ctx); err != nil {
			return nil, err
		}
		if _, err := tx.EventReminder.Delete().Where(eventreminder.EventID(row.ID)).Exec(ctx); err != nil {
			return nil, err
		}
		if err := announceToAll(ctx, tx, row, busv1.EventNews_EVENT_NEWS_CANCELLED, caller); err != nil {
			return nil, err
		}
		return answer, tx.Emit(&busv1.EventChanged{EventId: row.ID, Version: row.Version + 1, Cancelled: true})
	})
	if err != nil {
		return nil, err
	}
	answer.Event, err = h.refreshed(ctx, caller, answer.GetEvent())
	return answer, err
}
