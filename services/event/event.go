// Package event is the service for meetups: when and where people meet, who comes and who waits for a seat, reminders, and
// calendars.
//
// Whoever answers to a meetup or changes it holds its row (held.go), so that its seats are given away one after the other
// (seats.go). What people are told of it goes out as events of the bus in the same transaction (news.go).
package event

import (
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"connectrpc.com/connect/v2"

	"github.com/pulse-social/pulse/ent"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	"github.com/pulse-social/pulse/gen/pulse/event/v1/eventv1connect"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// Config says when people are reminded of meetups.
type Config struct {
	// Reminders are how long before the start.
	Reminders []time.Duration `env:"PULSE_MEETUP_REMINDERS" envDefault:"24h,1h" doc:"how long before a meetup those who come are reminded of it; empty for never"`
}

const (
	maxReminders   = 5
	longestWarning = 30 * 24 * time.Hour
)

// Validate answers what is wrong with the settings.
func (c Config) Validate() error {
	if len(c.Reminders) > maxReminders {
		return fmt.Errorf("PULSE_MEETUP_REMINDERS has %d durations: set at most %d", len(c.Reminders), maxReminders)
	}
	for _, before := range c.Reminders {
		if before < time.Minute || before > longestWarning {
			return fmt.Errorf("PULSE_MEETUP_REMINDERS has %s: set 1m to %s each", before, longestWarning)
		}
	}
	return nil
}

// Values of columns, as they are in pulse.event.v1.
const (
	yes     = int32(eventv1.Answer_ANSWER_YES)
	maybe   = int32(eventv1.Answer_ANSWER_MAYBE)
	no      = int32(eventv1.Answer_ANSWER_NO)
	waiting = int32(eventv1.Answer_ANSWER_WAITING)

	public = int32(eventv1.Visibility_VISIBILITY_PUBLIC)
)

// handler serves pulse.event.v1.EventService.
type handler struct {
	db         *store.DB
	visibility *visibility.Policy
	now        clock.Clock
	log        *slog.Logger
	config     Config
}

// New makes the service.
func New(c Config, d service.Deps) service.Service {
	h := &handler{db: d.DB, visibility: d.Visibility, now: d.Now, log: d.Log, config: c}
	return service.Service{
		Register: func(s *connect.Server) { eventv1connect.RegisterEventServiceHandler(s, h) },
		Routes: map[string]http.Handler{
			"GET /v1/events/{event_id}/calendar.ics": http.HandlerFunc(h.serveEvent),
			"GET /calendar/{file}":                   http.HandlerFunc(h.serveFeed),
		},
		Consumers:  []bus.Consumer{h.eraseConsumer(), h.blocksConsumer()},
		Background: h.remind,
	}
}

// noEvent is the failure for what is not there and for what the caller may not see, which must not be told apart.
func noEvent() error {
	return rpc.Fail(errorsv1.Reason_REASON_EVENT_NOT_FOUND, "there is no such meetup")
}

// etag is the version of a meetup as callers get it.
func etag(row *ent.Event) string { return strconv.FormatInt(row.Version, 36) }
