// Package notification is the service that tells people what others did that concerns them.
//
// A consumer (causes.go) looks at what events are about and writes causes: that somebody did one thing, for which one person
// is notified. Like causes are one notification until it is read (raise.go). What a person no longer may see is left out when
// it is read (package notifications), so nothing that changes there has to be written here.
package notification

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"connectrpc.com/connect/v2"

	"github.com/pulse-social/pulse/gen/pulse/notification/v1/notificationv1connect"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/notifications"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
	"github.com/pulse-social/pulse/services/internal/webpush"
)

// Config says how long notifications are kept.
type Config struct {
	// Keep is for how long a notification that was read is kept after its latest cause.
	Keep time.Duration `env:"PULSE_NOTIFICATION_KEEP" envDefault:"2160h" doc:"for how long notifications that were read are kept; those that were not stay"`
	// Push says as whom notifications are pushed to browsers.
	Push webpush.Config
}

// Validate answers what is wrong with the settings.
func (c Config) Validate() error {
	if c.Keep < time.Hour {
		return fmt.Errorf("PULSE_NOTIFICATION_KEEP=%s: set 1h or more", c.Keep)
	}
	return c.Push.Validate()
}

// handler serves pulse.notification.v1.NotificationService.
type handler struct {
	db         *store.DB
	visibility *visibility.Policy
	renderer   *notifications.Renderer
	now        clock.Clock
	log        *slog.Logger
	config     Config
	// push pushes to browsers; nil when nothing is pushed.
	push *webpush.Client
}

// New makes the service.
func New(c Config, d service.Deps) service.Service {
	h := &handler{db: d.DB, visibility: d.Visibility, renderer: notifications.NewRenderer(d.DB, d.Visibility), now: d.Now, log: d.Log, config: c}
	h.push = newPush(c.Push, d)
	return service.Service{
		Register:   func(s *connect.Server) { notificationv1connect.RegisterNotificationServiceHandler(s, h) },
		Consumers:  append([]bus.Consumer{h.causesConsumer(), h.eventsConsumer(), h.eraseConsumer()}, tellingConsumers()...),
		Background: h.background,
	}
}

// background does what the service does by itself, until ctx ends.
func (h *handler) background(ctx context.Context) {
	var sending sync.WaitGroup
	sending.Go(func() { h.newSender(ctx).run(ctx) })
	h.prune(ctx)
	sending.Wait()
}
