// Package service says what a service of Pulse is: one constructor that takes [Deps] and returns a [Service], which is
// what it serves, consumes and runs beside.
package service

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"connectrpc.com/connect/v2"

	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/kv"
	"github.com/pulse-social/pulse/services/internal/limit"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// Deps are what services are built from. Each service has its own: its DB changes only what the service owns.
type Deps struct {
	// DB is the database as this service has it.
	DB *store.DB
	// KV is Redis.
	KV *kv.KV
	// Visibility says who may see what. Every read path asks it.
	Visibility *visibility.Policy
	// Sessions tells whether sessions live.
	Sessions *auth.Sessions
	// APIKeys tells whether API keys still work.
	APIKeys *auth.APIKeys
	// Verifier tells whose access token it is.
	Verifier *auth.Verifier
	// Keys are the public signing keys.
	Keys *auth.Keys
	// Limits bound how often somebody may call, or try an account's password.
	Limits *limit.Limiter
	// Stamps tell caches what people have changed of their own. Every handler that changes something of its caller's
	// stamps it.
	Stamps *stamp.Book
	// Hints tell all processes of what has changed.
	Hints *bus.Hints
	// Signals tell all processes what is so just now and is stored nowhere.
	Signals *bus.Signals
	// Now is the clock.
	Now clock.Clock
	// Log is where the service tells operators what no caller is told.
	Log *slog.Logger
	// Dial answers the client for calls to another service, by its name: in this process or elsewhere.
	Dial func(service string) *connect.Client
}

// A Service is what a constructor returns.
type Service struct {
	// Register mounts the RPCs.
	Register func(*connect.Server)
	// Routes are HTTP routes besides RPCs, by pattern.
	Routes map[string]http.Handler
	// Uploads are those of the routes that take files, by pattern: gateways bound other requests more tightly.
	Uploads map[string]Upload
	// Consumers react to events.
	Consumers []bus.Consumer
	// Start, if there is one, is run before the service serves.
	Start func(ctx context.Context) error
	// Drain, if there is one, ends the streams that are open, and lets none begin, before the server finishes its calls and
	// stops. It returns when they have ended, or with ctx.
	Drain func(ctx context.Context)
	// Background, if there is one, runs until ctx ends in every process that serves the service's API.
	Background func(ctx context.Context)
}

// An Upload is what a route that takes files may be sent.
type Upload struct {
	// MaxBytes is the size of the largest file that operators may let the route take.
	MaxBytes int64
	// Time is how long a file may take to come.
	Time time.Duration
}
