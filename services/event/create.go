package event

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	entevent "github.com/pulse-social/pulse/ent/event"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/store"
)

// CreateEvent announces a meetup.
func (h *handler) CreateEvent(ctx context.Context, req *eventv1.CreateEventRequest) (*eventv1.CreateEventResponse, error) {
	caller := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*eventv1.CreateEventResponse, error) {
		row := &ent.Event{ID: tx.NewID(), HostID: caller, Version: 1, ChangedAt: tx.Now}
		if err := say(row, req.GetEvent(), allPaths, tx.Now); err != nil {
			return nil, err
		}
		create := tx.Event.Create().SetID(row.ID).SetHostID(caller)
		write(create.Mutation(), row)
		if err := create.Exec(ctx); err != nil {
			return nil, err
		}
		if err := h.remindOf(ctx, tx, row); err != nil {
			return nil, err
		}
		return &eventv1.CreateEventResponse{Event: toProto(row)}, tx.Emit(&busv1.EventCreated{EventId: row.ID, HostId: caller})
	})
	if err != nil {
		return nil, err
	}
	answer.Event, err = h.refreshed(ctx, caller, answer.GetEvent())
	return answer, err
}

// write sets the columns that hosts decide about.
func write(m *ent.EventMutation, row *ent.Event) {
	m.SetTitle(row.Title)
	m.SetDescription(row.Description)
	m.SetTimeZone(row.TimeZone)
	m.SetAllDay(row.AllDay)
	m.SetStarts(row.Starts)
	m.SetEnds(row.Ends)
	m.SetStartsAt(row.StartsAt)
	m.SetEndsAt(row.EndsAt)
	m.SetPlaceName(row.PlaceName)
	m.SetPlaceAddress(row.PlaceAddress)
	m.SetOnlineURL(row.OnlineURL)
	m.SetCapacity(row.Capacity)
	m.SetVisibility(row.Visibility)
	m.SetFolded(row.Folded)
	m.SetFoldedPlace(row.FoldedPlace)
	m.SetVersion(row.Version)
	m.SetChangedAt(row.ChangedAt)
	writePoint(m, row)
}

// writePoint sets where a meetup is, or that nobody said.
func writePoint(m *ent.EventMutation, row *ent.Event) {
	if row.Latitude != nil {
		m.SetLatitude(*row.Latitude)
		m.SetLongitude(*row.Longitude)
		m.SetX(*row.X)
		m.SetY(*row.Y)
		m.SetZ(*row.Z)
		return
	}
	if m.Op().Is(ent.OpCreate) {
		return
	}
	for _, field := range []string{entevent.FieldLatitude, entevent.FieldLongitude, entevent.FieldX, entevent.FieldY, entevent.FieldZ} {
		_ = m.ClearField(field) // They can be cleared.
	}
}
