// Package realtime is the service that brings what happens to those who are connected, and loses nothing while they are not.
//
// Each person has a log in the database, of what concerns them, in one order (log.go). A consumer adds to it (consumer.go),
// for those people only who have opened a stream lately, and then wakes their streams on all processes by a hint. A stream
// (stream.go) reads on from where it is at, asks the services that own what the items are about, as the caller (hydrate.go),
// and tells what they answer: so nobody is told what they may not see by then. The cursor (cursor.go) says where in the log one
// is at, so a stream goes on anywhere. Hints that are lost cost time only: heads are compared now and then (watch.go).
package realtime

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"connectrpc.com/connect/v2"

	"github.com/pulse-social/pulse/gen/pulse/realtime/v1/realtimev1connect"
	"github.com/pulse-social/pulse/services/internal/aside"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// Config says how patient streams are, and how much is kept for those who are away.
type Config struct {
	// Heartbeat is the longest time that nothing comes on a stream.
	Heartbeat time.Duration `env:"PULSE_STREAM_HEARTBEAT" envDefault:"20s" doc:"longest time that nothing comes on a stream"`
	// SendTimeout is how long a client may leave unread what it is sent.
	SendTimeout time.Duration `env:"PULSE_STREAM_SEND_TIMEOUT" envDefault:"10s" doc:"how long a client may leave unread what a stream sends before it is cut off"`
	// Keep is for how long one may be away and miss nothing.
	Keep time.Duration `env:"PULSE_STREAM_KEEP" envDefault:"168h" doc:"for how long clients may be away and miss nothing"`
	// PerPerson is how many streams one person may have open at once.
	PerPerson int `env:"PULSE_STREAMS_PER_PERSON" envDefault:"20" doc:"how many streams one person may have open at once"`
}

// Validate answers what is wrong with the settings.
func (c Config) Validate() error {
	switch {
	case c.Heartbeat < time.Second:
		return fmt.Errorf("PULSE_STREAM_HEARTBEAT=%s: set 1s or more", c.Heartbeat)
	case c.SendTimeout < 100*time.Millisecond:
		return fmt.Errorf("PULSE_STREAM_SEND_TIMEOUT=%s: set 100ms or more", c.SendTimeout)
	case c.Keep < time.Hour:
		return fmt.Errorf("PULSE_STREAM_KEEP=%s: set 1h or more", c.Keep)
	case c.PerPerson < 1:
		return fmt.Errorf("PULSE_STREAMS_PER_PERSON=%d: set 1 or more", c.PerPerson)
	}
	return nil
}

// handler serves pulse.realtime.v1.RealtimeService.
type handler struct {
	config     Config
	db         *store.DB
	log        streamLog
	visibility *visibility.Policy
	sources    sources
	presence   *presence
	hub        *hub
	aside      aside.Pool
	metrics    *instruments
	now        clock.Clock
	logger     *slog.Logger
}

// New makes the service.
func New(c Config, d service.Deps) service.Service {
	h := &handler{
		config: c, db: d.DB, log: streamLog{d.DB}, visibility: d.Visibility, sources: newSources(d),
		hub: newHub(c.PerPerson), aside: aside.NewPool(), now: d.Now, logger: d.Log,
	}
	h.presence = &presence{db: d.DB, kv: d.KV, visibility: d.Visibility, signals: d.Signals, now: d.Now, process: rand.Text()}
	h.metrics = newInstruments(h.hub)
	l := &logger{db: d.DB, hints: d.Hints}
	return service.Service{
		Register:   func(s *connect.Server) { realtimev1connect.RegisterRealtimeServiceHandler(s, h) },
		Consumers:  []bus.Consumer{l.consumer(), eraseConsumer(d.DB)},
		Start:      func(context.Context) error { return h.watch(d.Hints, d.Signals) },
		Drain:      h.hub.stop,
		Background: h.background,
	}
}
