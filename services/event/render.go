package event

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/eventanswer"
	"github.com/pulse-social/pulse/ent/eventcohost"
	"github.com/pulse-social/pulse/ent/eventinvite"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/people"
)

// toProto is what a meetup's row says by itself; render adds the rest.
func toProto(row *ent.Event) *eventv1.Event {
	e := &eventv1.Event{
		Id: row.ID, Title: row.Title, Description: row.Description, OnlineUrl: row.OnlineURL, Capacity: row.Capacity,
		Visibility: eventv1.Visibility(row.Visibility), Cancelled: row.Cancelled,
		Schedule: &eventv1.Schedule{
			TimeZone: row.TimeZone, AllDay: row.AllDay, Start: row.Starts, End: row.Ends,
			StartTime: timestamppb.New(row.StartsAt), EndTime: timestamppb.New(row.EndsAt),
		},
		Counts:     &eventv1.AnswerCounts{Yes: row.YesCount, Maybe: row.MaybeCount, Waiting: row.WaitingCount},
		CreateTime: timestamppb.New(id.Time(row.ID)), Etag: etag(row),
	}
	if row.PlaceName != "" || row.PlaceAddress != "" || row.Latitude != nil {
		e.Place = &eventv1.Place{Name: row.PlaceName, Address: row.PlaceAddress}
	}
	if row.Latitude != nil && row.Longitude != nil {
		e.Place.Coordinates = &eventv1.Coordinates{Latitude: *row.Latitude, Longitude: *row.Longitude}
	}
	return e
}

// render answers meetups as a viewer, who may see them, sees them, in a few queries whatever their number. One whose host has
// gone meanwhile is left out.
func (h *handler) render(ctx context.Context, viewer int64, rows []*ent.Event) ([]*eventv1.Event, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	eventIDs := make([]int64, len(rows))
	for i, row := range rows {
		eventIDs[i] = row.ID
	}
	helpers, err := h.helpers(ctx, eventIDs)
	if err != nil {
		return nil, err
	}
	users, err := h.hosts(ctx, viewer, rows, helpers)
	if err != nil {
		return nil, err
	}
	relations, err := h.relations(ctx, viewer, eventIDs)
	if err != nil {
		return nil, err
	}
	events := make([]*eventv1.Event, 0, len(rows))
	for _, row := range rows {
		e := toProto(row)
		if e.Host = users[row.HostID]; e.GetHost() == nil {
			continue
		}
		mayEdit := row.HostID == viewer
		for _, userID := range helpers[row.ID] {
			mayEdit = mayEdit || userID == viewer
			if user := users[userID]; user != nil {
				e.CoHosts = append(e.CoHosts, user)
			}
		}
		if viewer != 0 {
			e.Viewer = relations[row.ID]
			e.Viewer.MayEdit = mayEdit
		}
		events = append(events, e)
	}
	return events, nil
}

// helpers answers the co-hosts of meetups, in the order in which they became so.
func (h *handler) helpers(ctx context.Context, eventIDs []int64) (map[int64][]int64, error) {
	rows, err := h.db.EventCoHost.Query().Where(eventcohost.EventIDIn(eventIDs...)).Order(eventcohost.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read co-hosts: %w", err)
	}
	helpers := map[int64][]int64{}
	for _, row := range rows {
		helpers[row.EventID] = append(helpers[row.EventID], row.UserID)
	}
	return helpers, nil
}

// hosts answers those of the hosts and co-hosts whom a viewer may see, across no block.
func (h *handler) hosts(ctx context.Context, viewer int64, rows []*ent.Event, helpers map[int64][]int64) (map[int64]*userv1.UserSummary, error) {
	var userIDs []int64
	for _, row := range rows {
		userIDs = append(append(userIDs, row.HostID), helpers[row.ID]...)
	}
	users, err := people.Summaries(ctx, h.db, viewer, userIDs)
	if err != nil || viewer == 0 {
		return users, err
	}
	across, err := h.visibility.Across(ctx, viewer, id.Unique(userIDs))
	if err != nil {
		return nil, err
	}
	for userID := range across {
		delete(users, userID)
	}
	return users, nil
}

// relations answers how a viewer relates to each of some meetups, but for whether they may edit them.
func (h *handler) relations(ctx context.Context, viewer int64, eventIDs []int64) (map[int64]*eventv1.EventViewer, error) {
	relations := make(map[int64]*eventv1.EventViewer, len(eventIDs))
	if viewer == 0 {
		return relations, nil
	}
	for _, eventID := range eventIDs {
		relations[eventID] = &eventv1.EventViewer{}
	}
	answers, err := h.db.EventAnswer.Query().Where(eventanswer.UserID(viewer), eventanswer.EventIDIn(eventIDs...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read answers: %w", err)
	}
	var waits []int64
	for _, row := range answers {
		relations[row.EventID].Answer = eventv1.Answer(row.Answer)
		if row.Answer == waiting {
			waits = append(waits, row.EventID)
		}
	}
	invites, err := h.db.EventInvite.Query().Where(eventinvite.UserID(viewer), eventinvite.EventIDIn(eventIDs...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read invitations: %w", err)
	}
	for _, row := range invites {
		relations[row.EventID].Invited = true
	}
	return relations, h.positions(ctx, viewer, waits, relations)
}

// positions fills in the viewer's places on waitlists.
func (h *handler) positions(ctx context.Context, viewer int64, eventIDs []int64, into map[int64]*eventv1.EventViewer) error {
	if len(eventIDs) == 0 {
		return nil
	}
	marks, args := make([]string, len(eventIDs)), []any{viewer, waiting}
	for i, eventID := range eventIDs {
		args = append(args, eventID)
		marks[i] = fmt.Sprintf("$%d", len(args))
	}
	rows, err := h.db.QueryContext(ctx, `SELECT mine.event_id, COUNT(*) FROM event_answers mine
			JOIN event_answers others ON others.event_id = mine.event_id AND others.answer = $2 AND others.place <= mine.place
			WHERE mine.user_id = $1 AND mine.answer = $2 AND mine.event_id IN (`+strings.Join(marks, ", ")+`)
			GROUP BY mine.event_id`, args...)
	if err != nil {
		return fmt.Errorf("read places on waitlists: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var eventID int64
		var position int32
		if err := rows.Scan(&eventID, &position); err != nil {
			return fmt.Errorf("read places on waitlists: %w", err)
		}
		into[eventID].WaitlistPosition = position
	}
	return rows.Err()
}
