package event

import (
	"context"
	"strings"

	"github.com/pulse-social/pulse/ent"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// UpdateEvent changes what the hosts say of a meetup.
func (h *handler) UpdateEvent(ctx context.Context, req *eventv1.UpdateEventRequest) (*eventv1.UpdateEventResponse, error) {
	paths := req.GetUpdateMask().GetPaths()
	if len(paths) == 0 {
		return nil, rpc.Fail(errorsv1.Reason_REASON_UPDATE_MASK_INVALID, "update_mask names nothing: name %s", strings.Join(allPaths, ", "))
	}
	caller := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*eventv1.UpdateEventResponse, error) {
		before, err := h.holdAs(ctx, tx, caller, req.GetEventId(), coHost)
		if err != nil {
			return nil, err
		}
		if err := notCancelled(before); err != nil {
			return nil, err
		}
		if req.GetEtag() != "" && req.GetEtag() != etag(before) {
			return nil, rpc.Fail(errorsv1.Reason_REASON_ETAG_MISMATCH, "the meetup was changed since you read it: read it again and repeat your change")
		}
		after := *before
		if err := say(&after, req.GetEvent(), paths, tx.Now); err != nil {
			return nil, err
		}
		return &eventv1.UpdateEventResponse{Event: toProto(&after)}, h.change(ctx, tx, before, &after, caller)
	})
	if err != nil {
		return nil, err
	}
	answer.Event, err = h.refreshed(ctx, caller, answer.GetEvent())
	return answer, err
}

// change writes what a meetup is now, and all that follows from that. A change of nothing leaves no trace.
func (h *handler) change(ctx context.Context, tx *store.Tx, before, after *ent.Event, caller int64) error {
	told := concerns(before, after)
	if !told && before.Capacity == after.Capacity && before.Visibility == after.Visibility {
		return nil
	}
	after.Version, after.ChangedAt = before.Version+1, tx.Now
	update := tx.Event.UpdateOneID(after.ID)
	write(update.Mutation(), after)
	if err := update.Exec(ctx); err != nil {
		return err
	}
	if !before.StartsAt.Equal(after.StartsAt) {
		if err := h.remindOf(ctx, tx, after); err != nil {
			return err
		}
	}
	if told {
		if err := announceToAll(ctx, tx, after, busv1.EventNews_EVENT_NEWS_CHANGED, caller); err != nil {
			return err
		}
	}
	if before.Capacity != after.Capacity {
		after.KeptSeats = before.YesCount // As many as there are keep theirs.
	}
	if err := fill(ctx, tx, after); err != nil { // There may be more seats.
		return err
	}
	if err := saveCounts(ctx, tx, after); err != nil {
		return err
	}
	return tx.Emit(&busv1.EventChanged{EventId: after.ID, Version: after.Version})
}

// concerns tells whether a change is one that those who answered are told of.
func concerns(before, after *ent.Event) bool {
	says := func(e *ent.Event) [8]string {
		return [8]string{e.Title, e.Description, e.TimeZone, e.Starts, e.Ends, e.PlaceName, e.PlaceAddress, e.OnlineURL}
	}
	return says(before) != says(after) || before.AllDay != after.AllDay ||
		!same(before.Latitude, after.Latitude) || !same(before.Longitude, after.Longitude)
}

// same tells whether two numbers, which may be missing, are the same.
func same(a, b *float64) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
