// Package post is the service for what people write: posts, replies, quotes and polls, their drafts, and what others do with
// them.
package post

import (
	"fmt"
	"log/slog"

	"connectrpc.com/connect/v2"

	"github.com/pulse-social/pulse/gen/pulse/post/v1/postv1connect"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// Config bounds what can be posted.
type Config struct {
	// MaxChars is the longest text, in Unicode code points.
	MaxChars int `env:"PULSE_POST_MAX_CHARS" envDefault:"5000" doc:"longest text of a post, in characters"`
}

// largestMaxChars keeps the configured limit below the schema's bound on the bytes of a text.
const largestMaxChars = 100_000

// Validate answers what is wrong with the settings.
func (c Config) Validate() error {
	if c.MaxChars < 1 || c.MaxChars > largestMaxChars {
		return fmt.Errorf("PULSE_POST_MAX_CHARS=%d: set 1 to %d", c.MaxChars, largestMaxChars)
	}
	return nil
}

// handler serves pulse.post.v1.PostService.
type handler struct {
	db         *store.DB
	visibility *visibility.Policy
	stamps     *stamp.Book
	hints      *bus.Hints
	now        clock.Clock
	log        *slog.Logger
	config     Config
}

// New makes the service.
func New(c Config, d service.Deps) service.Service {
	h := &handler{db: d.DB, visibility: d.Visibility, stamps: d.Stamps, hints: d.Hints, now: d.Now, log: d.Log, config: c}
	return service.Service{
		Register:   func(s *connect.Server) { postv1connect.RegisterPostServiceHandler(s, h) },
		Consumers:  []bus.Consumer{h.countsConsumer(), h.eraseConsumer()},
		Background: h.publishScheduled,
	}
}
