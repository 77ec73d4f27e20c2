package event

import (
	"context"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	entevent "github.com/pulse-social/pulse/ent/event"
	"github.com/pulse-social/pulse/ent/eventanswer"
	"github.com/pulse-social/pulse/ent/eventcohost"
	"github.com/pulse-social/pulse/ent/eventinvite"
	"github.com/pulse-social/pulse/ent/predicate"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// ListEvents lists the caller's meetups.
func (h *handler) ListEvents(ctx context.Context, req *eventv1.ListEventsRequest) (*eventv1.ListEventsResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	caller := auth.Caller(ctx).UserID
	query := h.db.Event.Query().Where(visibility.SeenEvents(caller), related(caller, req.GetRelation()))
	if req.GetPast() {
		query.Where(entevent.EndsAtLTE(h.now()), below(cursor)).Order(entevent.ByStartsAt(entsql.OrderDesc()), entevent.ByID(entsql.OrderDesc()))
	} else {
		query.Where(entevent.EndsAtGT(h.now()), beyond(cursor)).Order(entevent.ByStartsAt(), entevent.ByID())
	}
	rows, err := query.Limit(cursor.Size + 1).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read meetups: %w", err)
	}
	rows, next := cut(cursor, rows)
	events, err := h.render(ctx, caller, rows)
	return &eventv1.ListEventsResponse{Events: events, NextPageToken: next}, err
}

// related matches meetups that somebody has to do with.
func related(userID int64, how eventv1.EventRelation) predicate.Event {
	hosting := entevent.Or(entevent.HostID(userID), mentioned(eventcohost.Table, userID))
	answered := mentioned(eventanswer.Table, userID, yes, maybe, waiting)
	invited := entevent.And(mentioned(eventinvite.Table, userID), entevent.Not(mentioned(eventanswer.Table, userID)))
	switch how {
	case eventv1.EventRelation_EVENT_RELATION_HOSTING:
		return hosting
	case eventv1.EventRelation_EVENT_RELATION_ANSWERED:
		return answered
	case eventv1.EventRelation_EVENT_RELATION_INVITED:
		return invited
	default:
		return entevent.Or(hosting, answered, invited)
	}
}

// mentioned matches meetups of which a table of people has somebody, with one of some answers if any are given.
func mentioned(table string, userID int64, answers ...int32) predicate.Event {
	return func(s *entsql.Selector) {
		people := entsql.Table(table)
		is := entsql.EQ(people.C(eventanswer.FieldUserID), userID)
		if len(answers) > 0 {
			values := make([]any, len(answers))
			for i, answer := range answers {
				values[i] = answer
			}
			is = entsql.And(is, entsql.In(people.C(eventanswer.FieldAnswer), values...))
		}
		s.Where(entsql.In(s.C(entevent.FieldID), entsql.Select(people.C(eventanswer.FieldEventID)).From(people).Where(is)))
	}
}

// beyond matches the meetups that come after the last before the page, in the order of their start.
func beyond(cursor page.Cursor) predicate.Event {
	if cursor.After == 0 {
		return entevent.IDGT(0)
	}
	start := time.UnixMilli(cursor.Rank).UTC()
	return entevent.Or(entevent.StartsAtGT(start), entevent.And(entevent.StartsAt(start), entevent.IDGT(cursor.After)))
}

// below is beyond in the other order.
func below(cursor page.Cursor) predicate.Event {
	if cursor.After == 0 {
		return entevent.IDGT(0)
	}
	start := time.UnixMilli(cursor.Rank).UTC()
	return entevent.Or(entevent.StartsAtLT(start), entevent.And(entevent.StartsAt(start), entevent.IDLT(cursor.After)))
}

// cut answers the rows of a page, of which there may be one more than it holds, and the token of the next one.
func cut(cursor page.Cursor, rows []*ent.Event) ([]*ent.Event, string) {
	if len(rows) <= cursor.Size {
		return rows, ""
	}
	rows = rows[:cursor.Size]
	last := rows[cursor.Size-1]
	return rows, cursor.RankedToken(last.StartsAt.UnixMilli(), last.ID)
}
