package event

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	entevent "github.com/pulse-social/pulse/ent/event"
	"github.com/pulse-social/pulse/ent/eventanswer"
	"github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/predicate"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/mute"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/terms"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// mostWords is how many words of a text to look for count.
const mostWords = 10

// DiscoverEvents lists meetups by when and where they are, what they are about and who comes.
func (h *handler) DiscoverEvents(ctx context.Context, req *eventv1.DiscoverEventsRequest) (*eventv1.DiscoverEventsResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	during, err := h.during(req)
	if err != nil {
		return nil, err
	}
	caller := auth.Caller(ctx).UserID
	query := h.db.Event.Query().Where(visibility.SeenEvents(caller), mute.NotIn(caller, entevent.FieldHostID, h.now()),
		entevent.Cancelled(false), during, beyond(cursor))
	for _, word := range words(req.GetText()) {
		query.Where(entevent.FoldedContains(word))
	}
	for _, word := range words(req.GetPlace()) {
		query.Where(entevent.FoldedPlaceContains(word))
	}
	if area := req.GetNear(); area != nil {
		query.Where(within(area))
	}
	if req.GetFollowedGoingOnly() {
		query.Where(followedGoing(caller))
	}
	rows, err := query.Order(entevent.ByStartsAt(), entevent.ByID()).Limit(cursor.Size + 1).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for meetups: %w", err)
	}
	rows, next := cut(cursor, rows)
	events, err := h.render(ctx, caller, rows)
	return &eventv1.DiscoverEventsResponse{Events: events, NextPageToken: next}, err
}

// during matches meetups of the range of time that is asked for.
func (h *handler) during(req *eventv1.DiscoverEventsRequest) (predicate.Event, error) {
	from := h.now()
	if req.GetStartTime() != nil {
		from = req.GetStartTime().AsTime()
	}
	match := entevent.EndsAtGT(from.Truncate(time.Millisecond))
	if req.GetEndTime() == nil {
		return match, nil
	}
	to := req.GetEndTime().AsTime()
	if !to.After(from) {
		return nil, rpc.Fail(errorsv1.Reason_REASON_EVENT_RANGE_INVALID, "the range of time ends before it begins, or ends now")
	}
	return entevent.And(match, entevent.StartsAtLT(to.Truncate(time.Millisecond))), nil
}

// words are what of a text is looked for.
func words(text string) []string {
	found := strings.Fields(terms.Fold(terms.Clean(text)))
	slices.Sort(found)
	found = slices.Compact(found)
	return found[:min(len(found), mostWords)]
}

// within matches meetups whose point is in an area: no farther from its middle than its edge is, straight through the Earth.
func within(area *eventv1.Area) predicate.Event {
	x, y, z := onSphere(area.GetCenter())
	far := chord(area.GetRadiusKm())
	return func(s *entsql.Selector) {
		s.Where(entsql.P(func(b *entsql.Builder) {
			for i, axis := range []struct {
				column string
				middle float64
			}{{entevent.FieldX, x}, {entevent.FieldY, y}, {entevent.FieldZ, z}} {
				if i > 0 {
					b.WriteString(" + ")
				}
				column := s.C(axis.column)
				b.WriteString("(").Ident(column).WriteString(" - CAST(").Arg(axis.middle).WriteString(" AS double precision))").
					WriteString(" * (").Ident(column).WriteString(" - CAST(").Arg(axis.middle).WriteString(" AS double precision))")
			}
			b.WriteString(" <= CAST(").Arg(far * far).WriteString(" AS double precision)")
		}))
	}
}

// followedGoing matches meetups that somebody whom the viewer follows has a seat of.
func followedGoing(viewer int64) predicate.Event {
	return func(s *entsql.Selector) {
		answers, follows := entsql.Table(eventanswer.Table), entsql.Table(follow.Table)
		going := entsql.Select().From(answers)
		going.Select(going.C(eventanswer.FieldID)).Where(entsql.And(
			entsql.ColumnsEQ(going.C(eventanswer.FieldEventID), s.C(entevent.FieldID)),
			entsql.EQ(going.C(eventanswer.FieldAnswer), yes),
			entsql.Exists(entsql.Select(follows.C(follow.FieldID)).From(follows).Where(entsql.And(
				entsql.EQ(follows.C(follow.FieldFollowerID), viewer),
				entsql.ColumnsEQ(follows.C(follow.FieldFolloweeID), going.C(eventanswer.FieldUserID)),
			))),
		))
		visibility.SeenPersonIn(viewer, eventanswer.FieldUserID)(going)
		s.Where(entsql.Exists(going))
	}
}
