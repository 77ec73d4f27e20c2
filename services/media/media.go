// Package media is the service for pictures: it takes them in, keeps of them what is seen, and delivers them to whom may see what
// they are attached to.
package media

import (
	"context"
	"log/slog"
	"net/http"

	"connectrpc.com/connect/v2"

	"github.com/pulse-social/pulse/gen/pulse/media/v1/mediav1connect"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// handler serves pulse.media.v1.MediaService, and the files.
type handler struct {
	db         *store.DB
	visibility *visibility.Policy
	verifier   *auth.Verifier
	sessions   *auth.Sessions
	hints      *bus.Hints
	now        clock.Clock
	log        *slog.Logger
	config     Config
	keys       keys
	files      *Files
	measure    *instruments
	// making has as many places as pictures may be made at once.
	making chan struct{}
	// swept is where the collector is at; only its goroutine uses it.
	swept struct {
		media int64
		files []byte
	}
}

// New makes the service. dataDir is where the files are unless the configuration says.
func New(c Config, dataDir string, d service.Deps) service.Service {
	h := &handler{
		db: d.DB, visibility: d.Visibility, verifier: d.Verifier, sessions: d.Sessions, hints: d.Hints, now: d.Now, log: d.Log, config: c,
		keys: keys{db: d.DB, now: d.Now}, making: make(chan struct{}, max(1, c.AtOnce)),
	}
	return service.Service{
		Register: func(s *connect.Server) { mediav1connect.RegisterMediaServiceHandler(s, h) },
		Routes: map[string]http.Handler{
			"GET /media/{media}/{size}": h.delivering(h.deliver),
			"PUT /uploads/{upload}":     http.HandlerFunc(h.receive),
		},
		Uploads:   map[string]service.Upload{"PUT /uploads/{upload}": {MaxBytes: largestMaxBytes, Time: receiveTime}},
		Consumers: []bus.Consumer{eraseConsumer()},
		Start: func(ctx context.Context) (err error) {
			h.measure = newInstruments(ctx)
			if h.files, err = Open(ctx, c, dataDir); err != nil {
				return err
			}
			return h.keys.ensure(ctx)
		},
		Background: h.collect,
	}
}
