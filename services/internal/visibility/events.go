package visibility

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/event"
	"github.com/pulse-social/pulse/ent/eventcohost"
	"github.com/pulse-social/pulse/ent/eventinvite"
	"github.com/pulse-social/pulse/ent/predicate"
)

// Event answers a meetup that the viewer may see; the error is ent's not-found otherwise.
func (p *Policy) Event(ctx context.Context, viewer, eventID int64) (*ent.Event, error) {
	found, err := p.db.Event.Query().Where(event.ID(eventID), SeenEvents(viewer)).Only(ctx)
	return found, annotate("look for the meetup", err)
}

// Events answers those of the meetups that the viewer may see, by id.
func (p *Policy) Events(ctx context.Context, viewer int64, eventIDs []int64) (map[int64]*ent.Event, error) {
	if len(eventIDs) == 0 {
		return nil, nil
	}
	rows, err := p.db.Event.Query().Where(event.IDIn(eventIDs...), SeenEvents(viewer)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for meetups: %w", err)
	}
	seen := make(map[int64]*ent.Event, len(rows))
	for _, row := range rows {
		seen[row.ID] = row
	}
	return seen, nil
}

// SeenEvents matches the meetups that the viewer may see: for queries that look for meetups, so that their pages are full.
func SeenEvents(userID int64) predicate.Event { return seenEvents(viewer{id: userID}) }

// SeenEventIn matches rows whose column names a meetup that the viewer may see.
func SeenEventIn(viewer int64, column string) func(*entsql.Selector) {
	return func(s *entsql.Selector) {
		events := entsql.Select().From(entsql.Table(event.Table))
		events.Select(events.C(event.FieldID)).Where(entsql.ColumnsEQ(events.C(event.FieldID), s.C(column)))
		SeenEvents(viewer)(events)
		s.Where(entsql.Exists(events))
	}
}

// seenEvents is [SeenEvents] for a viewer whom the query itself may name.
func seenEvents(viewer viewer) predicate.Event {
	return func(s *entsql.Selector) {
		host, of := s.C(event.FieldHostID), s.C(event.FieldVisibility)
		open := entsql.And(entsql.EQ(of, eventPublic), entsql.Not(private(host)))
		if viewer.anonymous() {
			s.Where(entsql.And(active(host), open))
			return
		}
		s.Where(entsql.Or(
			viewer.is(host),
			entsql.And(active(host), entsql.Not(blocked(host, viewer)), entsql.Or(
				open,
				entsql.And(entsql.LTE(of, eventFollowers), follows(host, viewer)),
				named(eventinvite.Table, s.C(event.FieldID), viewer),
				named(eventcohost.Table, s.C(event.FieldID), viewer),
			)),
		))
	}
}

// named tells that a table of people of meetups has the viewer.
func named(table, eventID string, viewer viewer) *entsql.Predicate {
	people := entsql.Table(table)
	return entsql.Exists(entsql.Select(people.C(eventinvite.FieldID)).From(people).Where(entsql.And(
		entsql.ColumnsEQ(people.C(eventinvite.FieldEventID), eventID),
		viewer.is(people.C(eventinvite.FieldUserID)),
	)))
}
