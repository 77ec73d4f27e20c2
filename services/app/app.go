// Package app puts Pulse together: it is the only package that knows all services. A process runs all of them or any
// subset; what another process runs is called there.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"connectrpc.com/connect/v2"

	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/kv"
	"github.com/pulse-social/pulse/services/internal/limit"
	"github.com/pulse-social/pulse/services/internal/mtls"
	"github.com/pulse-social/pulse/services/internal/overload"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/run"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/telemetry"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// Options are what an app needs besides its config.
type Options struct {
	// Services are those that the process runs; none means all.
	Services []string
	// Version is the program's.
	Version string
	// LogTo is where logs go; nil means standard error.
	LogTo io.Writer
	// Now is the clock; nil means the machine's.
	Now clock.Clock
}

// An App is one process of Pulse.
type App struct {
	config  Config
	options Options
	entries []entry

	process *run.Process
	// waitsFor is why the start waits; nil when it does not.
	waitsFor  atomic.Pointer[error]
	telemetry *telemetry.Telemetry
	ids       *id.Generator
	now       clock.Clock
	store     *store.Store
	kv        *kv.KV
	bus       *bus.Bus
	verifier  *auth.Verifier
	pass      *limit.Pass
	identity  *mtls.Identity // nil without TLS between services.
	server    *connect.Server
	handler   http.Handler
	api       net.Listener
	ops       net.Listener
	deps      service.Deps
	services  []service.Service
}

// New makes an app that does not run yet.
func New(c Config, o Options) (*App, error) {
	a := &App{config: c, options: o, now: o.Now}
	if a.now == nil {
		a.now = clock.System
	}
	a.now = movable(a.now)
	a.ids = id.NewGenerator(a.now)
	for _, name := range o.Services {
		if !known(name) {
			return nil, fmt.Errorf("there is no service %q: choose from %s", name, strings.Join(ServiceNames(), ", "))
		}
	}
	for _, e := range catalog {
		if len(o.Services) == 0 || slices.Contains(o.Services, e.name) {
			a.entries = append(a.entries, e)
		}
	}
	if err := errors.Join(a.checkPeers(), a.checkStorage()); err != nil {
		return a, err
	}
	return a, a.checkIDs()
}

// checkPeers fails when a service of this process calls one that is neither here nor known to be elsewhere.
func (a *App) checkPeers() error {
	for _, e := range a.entries {
		for _, called := range e.calls {
			if _, ok := a.config.Peers.address(called); !ok && !a.runs(called) {
				return fmt.Errorf("service %s calls %s, which this process does not run: add it to the command, or set PULSE_PEERS=%s:host:port", e.name, called, called)
			}
		}
	}
	return nil
}

// checkStorage fails when pictures would be kept in a folder of one process whose other state is elsewhere: the next one would not
// find them.
func (a *App) checkStorage() error {
	if a.runs("media") && a.config.Media.URL == "" && !a.config.Store.Embedded() {
		return errors.New("PULSE_MEDIA_URL is not set, and PULSE_DATABASE_URL is: say where pictures are kept, such as s3://bucket?region=eu-central-1, or file:///srv/media for one machine")
	}
	return nil
}

func (a *App) runs(name string) bool { return slices.Contains(a.names(), name) }

// names are the services that the process runs.
func (a *App) names() []string {
	names := make([]string, len(a.entries))
	for i, e := range a.entries {
		names[i] = e.name
	}
	return names
}

// Start starts the process: it returns when all of it runs and calls are served.
func (a *App) Start(ctx context.Context) error {
	var err error
	if a.telemetry, err = telemetry.Start(ctx, a.config.Telemetry, a.options.Version, a.options.LogTo); err != nil {
		return err
	}
	if err = a.measureProcess(); err != nil {
		return errors.Join(err, a.telemetry.Stop(ctx))
	}
	if a.config.TLS.On() {
		if a.identity, err = mtls.Open(a.config.TLS, a.telemetry.Log); err != nil {
			return errors.Join(err, a.telemetry.Stop(ctx))
		}
	}
	a.process = run.NewProcess(a.telemetry.Log)
	parts := []run.Part{
		{Name: "telemetry", Stop: a.telemetry.Stop},
		a.operatorsPort(),
		a.dataFolder(),
		a.awaited(a.redis()),
		a.awaited(a.broker()),
		a.awaited(a.database()), // After those that may be refused: it migrates.
		a.assembly(),
	}
	if err := a.process.Start(ctx, parts...); err != nil {
		return err
	}
	work := a.work()
	if a.config.Process.servesAPI() {
		work = append(work, a.apiPort())
	}
	if err := a.process.Start(ctx, work...); err != nil {
		return err
	}
	a.process.Open()
	return nil
}

// work is what runs in the background: the relay of the outbox, what services have to do by themselves, and a consumer each.
// All but the consumers go with the API: those may have no process at all while no event waits, and it is the relay that
// makes one wait.
func (a *App) work() []run.Part {
	var parts []run.Part
	if a.config.Process.servesAPI() {
		parts = append(parts, run.Background("relay", func(ctx context.Context) { a.bus.Relay(ctx, a.store) }))
		for i, s := range a.services {
			if s.Background != nil {
				parts = append(parts, run.Background("background of "+a.entries[i].name, s.Background))
			}
		}
	}
	if !a.config.Process.consumes() {
		return parts
	}
	for i, s := range a.services {
		db := a.store.For(a.entries[i].name)
		for _, c := range s.Consumers {
			parts = append(parts, run.Background("consumer "+c.Name, func(ctx context.Context) { a.bus.Consume(ctx, db, c) }))
		}
	}
	return parts
}

// database opens the database and brings its schema up to date, or checks that it is.
func (a *App) database() run.Part {
	return run.Part{
		Name: "database",
		Start: func(ctx context.Context) (err error) {
			a.store, err = store.Open(ctx, a.config.Store, store.Options{IDs: a.ids, Now: a.now, Tracing: a.config.Telemetry.Tracing()})
			if err != nil {
				return err
			}
			if a.config.Store.Migrate {
				_, err = a.store.Migrate(ctx, a.telemetry.Log)
			} else {
				err = a.store.CheckSchema(ctx)
			}
			if err == nil {
				err = a.store.CheckRights(ctx, a.names())
			}
			if err != nil {
				return errors.Join(err, a.store.Close())
			}
			return a.measureStore()
		},
		Stop: func(context.Context) error { return a.store.Close() },
	}
}

func (a *App) redis() run.Part {
	return run.Part{
		Name:  "redis",
		Start: func(ctx context.Context) (err error) { a.kv, err = kv.Open(ctx, a.config.KV); return err },
		Stop:  func(context.Context) error { a.kv.Close(); return nil },
	}
}

func (a *App) broker() run.Part {
	return run.Part{
		Name: "broker",
		Start: func(ctx context.Context) (err error) {
			a.bus, err = bus.Open(ctx, a.config.Bus, a.config.Store.DataDir, a.telemetry.Log)
			return err
		},
		Stop: func(context.Context) error { a.bus.Close(); return nil },
	}
}

// assembly makes the services and the handler that serves them.
func (a *App) assembly() run.Part {
	return run.Part{Name: "services", Start: func(ctx context.Context) error {
		reader := a.store.For("auth")
		keys := auth.NewKeys(reader, a.now)
		sessions := auth.NewSessions(reader, a.kv, a.now).
			Announced(func(ids ...int64) { a.bus.Hints().Announce(bus.SessionsEnded, ids...) })
		apiKeys := auth.NewAPIKeys(reader, a.kv, a.now)
		a.verifier = auth.NewVerifier(a.config.Identity.Tokens, keys, sessions, apiKeys, a.now)
		var err error
		limits := limit.New(a.config.Limits, a.kv, a.now)
		a.pass = limit.NewPass(a.kv, a.now)
		a.server, err = rpc.NewServer(a.verifier, overload.NewGate(a.config.Overload, a.now), limits, a.pass, a.telemetry.Log, a.newRequestID)
		if err != nil {
			return err
		}
		a.deps = service.Deps{
			KV: a.kv, Visibility: visibility.NewPolicy(a.store.For("visibility").Client), Sessions: sessions, APIKeys: apiKeys,
			Verifier: a.verifier, Keys: keys, Limits: limits,
			Stamps: stamp.NewBook(a.kv), Hints: a.bus.Hints(), Signals: a.bus.Signals(), Now: a.now, Log: a.telemetry.Log, Dial: a.dial,
		}
		return a.makeServices(ctx)
	}}
}

func (a *App) newRequestID() string { return id.String(a.ids.Next()) }

func (a *App) makeServices(ctx context.Context) error {
	edge := rpc.Edge{
		Server: a.server, Routes: map[string]http.Handler{}, NewRequestID: a.newRequestID,
		Ready: a.process.Ready, CORSOrigins: a.config.Server.CORSOrigins,
		Reflected: schemaNames(), // Of the whole API, as /openapi.yaml is: a gateway asks any process.
	}
	for _, e := range a.entries {
		deps := a.deps
		deps.DB = a.store.For(e.name)
		s := e.make(a.config, deps)
		s.Register(a.server)
		maps.Copy(edge.Routes, s.Routes)
		if s.Start != nil {
			if err := s.Start(ctx); err != nil {
				return fmt.Errorf("start service %s: %w", e.name, err)
			}
		}
		a.services = append(a.services, s)
	}
	maps.Copy(edge.Routes, documents())
	var err error
	a.handler, err = edge.Handler()
	return err
}

// dial answers the client for calls to a service: in this process when it runs here.
func (a *App) dial(name string) *connect.Client {
	if a.runs(name) {
		return rpc.DialInProcess(a.server)
	}
	address, _ := a.config.Peers.address(name) // New has made sure that there is one.
	return rpc.Dial(address, a.peerTLS(name), a.pass)
}

// Handler answers all that the API's port serves, for those who mount Pulse in a server of their own. It is there after
// Start.
func (a *App) Handler() http.Handler { return a.handler }

// URL is where the API is reached. It is there after Start, and empty in a process that only consumes.
func (a *App) URL() string {
	switch {
	case a.api == nil:
		return ""
	case a.identity != nil:
		return "https://" + a.api.Addr().String()
	}
	return "http://" + a.api.Addr().String()
}

// OpsURL is where the operators' port is reached. It is there after Start.
func (a *App) OpsURL() string { return "http://" + a.ops.Addr().String() }

// Server answers the server that the services are registered with, for clients in the same process. It is there after
// Start.
func (a *App) Server() *connect.Server { return a.server }

// Stop ends the process: it becomes unready, finishes the calls under way, and stops all that runs, in reverse.
func (a *App) Stop(ctx context.Context) error {
	if a.process == nil {
		return nil
	}
	return a.process.Stop(ctx)
}
