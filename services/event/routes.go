package event

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/calendarfeed"
	entevent "github.com/pulse-social/pulse/ent/event"
	"github.com/pulse-social/pulse/ent/eventanswer"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

const (
	// feedPast is how long a meetup that is over stays in a private calendar.
	feedPast = 90 * 24 * time.Hour
	// feedEvents bounds how many meetups a private calendar has.
	feedEvents = 1000
	// routeTimeout bounds how long a calendar takes to be made.
	routeTimeout = 10 * time.Second
)

// serveEvent answers one meetup as iCalendar, if everyone may see it. Who may see more than everyone has a private calendar.
func (h *handler) serveEvent(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), routeTimeout)
	defer cancel()
	eventID, err := strconv.ParseInt(r.PathValue("event_id"), 10, 64)
	if err != nil {
		notFound(w)
		return
	}
	row, err := h.visibility.Event(ctx, 0, eventID)
	if err != nil {
		h.refuse(ctx, w, err)
		return
	}
	calendar := newCalendar(row.Title)
	add(calendar, row, unanswered)
	h.write(ctx, w, r, calendar, "no-cache")
}

// serveFeed answers the private calendar whose secret the path has.
func (h *handler) serveFeed(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), routeTimeout)
	defer cancel()
	token, is := strings.CutSuffix(r.PathValue("file"), feedSuffix)
	secret, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || !is || len(secret) != secretBytes {
		notFound(w)
		return
	}
	calendar, err := h.feed(ctx, secret)
	if err != nil {
		h.refuse(ctx, w, err)
		return
	}
	h.write(ctx, w, r, calendar, "private, no-cache")
}

// feed makes the private calendar of a secret; the error is ent's not-found when there is none.
func (h *handler) feed(ctx context.Context, secret []byte) (*ics.Calendar, error) {
	// It is compared as a hash, so how long that takes tells nothing.
	whose, err := h.db.CalendarFeed.Query().Where(calendarfeed.TokenHash(secretHash(secret))).OnlyID(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := h.visibility.User(ctx, whose, whose); err != nil { // Suspended or away.
		return nil, err
	}
	rows, err := h.db.Event.Query().Where(
		visibility.SeenEvents(whose), entevent.EndsAtGT(h.now().Add(-feedPast)), entevent.Or(
			related(whose, eventv1.EventRelation_EVENT_RELATION_HOSTING), related(whose, eventv1.EventRelation_EVENT_RELATION_ANSWERED),
		),
	).Order(entevent.ByStartsAt(), entevent.ByID()).Limit(feedEvents).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read meetups: %w", err)
	}
	answers, err := h.answersBy(ctx, whose, rows)
	if err != nil {
		return nil, err
	}
	calendar := newCalendar("Pulse")
	for _, row := range rows {
		add(calendar, row, answers[row.ID])
	}
	return calendar, nil
}

// answersBy answers what somebody answered to meetups.
func (h *handler) answersBy(ctx context.Context, userID int64, rows []*ent.Event) (map[int64]int32, error) {
	eventIDs := make([]int64, len(rows))
	for i, row := range rows {
		eventIDs[i] = row.ID
	}
	answered, err := h.db.EventAnswer.Query().Where(eventanswer.UserID(userID), eventanswer.EventIDIn(eventIDs...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read answers: %w", err)
	}
	answers := make(map[int64]int32, len(answered))
	for _, row := range answered {
		answers[row.EventID] = row.Answer
	}
	return answers, nil
}

// write answers a calendar, or that the caller has it already.
func (h *handler) write(ctx context.Context, w http.ResponseWriter, r *http.Request, calendar *ics.Calendar, cache string) {
	var body strings.Builder
	if err := calendar.SerializeTo(&body, ics.WithNewLine("\r\n")); err != nil {
		h.refuse(ctx, w, err)
		return
	}
	sum := sha256.Sum256([]byte(body.String()))
	header := w.Header()
	header.Set("Cache-Control", cache)
	header.Set("Etag", `"`+base64.RawURLEncoding.EncodeToString(sum[:16])+`"`)
	header.Set("Content-Type", "text/calendar; charset=utf-8")
	header.Set("Content-Disposition", `inline; filename="calendar.ics"`)
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	header.Set("Referrer-Policy", "no-referrer")
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(body.String()))
}

// refuse answers that there is no such calendar, or that it cannot be made now.
func (h *handler) refuse(ctx context.Context, w http.ResponseWriter, err error) {
	if store.IsNotFound(err) {
		notFound(w)
		return
	}
	h.log.WarnContext(ctx, "a calendar was not made", "error", err)
	http.Error(w, "the calendar cannot be made now", http.StatusServiceUnavailable)
}

// notFound is the same for what is not there and for what may not be seen.
func notFound(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, "there is no such calendar", http.StatusNotFound)
}
