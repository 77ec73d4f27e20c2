package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/pulse-social/pulse/gen"
	"github.com/pulse-social/pulse/services/internal/cause"
	"github.com/pulse-social/pulse/services/internal/failpoint"
	"github.com/pulse-social/pulse/services/internal/run"
)

// Limits of connections: slow senders do not hold them for long.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 32 << 10
	writeByteTimeout  = 10 * time.Second
)

// listen opens a port.
func listen(ctx context.Context, variable, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s=%s: cannot listen there (%w): stop what uses the port, or set another", variable, address, cause.Of(err))
	}
	return l, nil
}

// apiPort serves the API, over HTTP/1.1 and HTTP/2, without TLS or with TLS for those alone who may call.
func (a *App) apiPort() run.Part {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(a.identity == nil)
	protocols.SetHTTP2(a.identity != nil)
	silent := &silentConns{}
	server := &http.Server{
		ConnState: silent.track, ErrorLog: slog.NewLogLogger(a.telemetry.Log.Handler(), slog.LevelWarn),
		Protocols: protocols, ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		// A client that reads nothing at all keeps even the frame from going out that would end its stream.
		HTTP2: &http.HTTP2Config{WriteByteTimeout: writeByteTimeout},
	}
	return run.Part{
		Name: "api",
		Start: func(ctx context.Context) (err error) {
			if a.api, err = listen(ctx, "PULSE_ADDR", a.config.Server.Addr); err != nil {
				return err
			}
			server.Handler = a.handler
			if a.identity != nil {
				if server.TLSConfig, err = a.identity.Server(a.callers()...); err != nil {
					return errors.Join(err, a.api.Close())
				}
			}
			go a.serve(server, a.api)
			return nil
		},
		Stop: func(ctx context.Context) error {
			// Balancers see that the process is unready before it stops to take calls.
			select {
			case <-ctx.Done():
			case <-time.After(a.config.Server.DrainDelay):
			}
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			go silent.closeUntil(ctx)
			a.drain(ctx)
			return shutdown(ctx, server, a.config.Server.StopTimeout)
		},
	}
}

// drainTimeout bounds how long streams may take to end.
const drainTimeout = 3 * time.Second

// drain has streams end: a server that is shut down waits for them, but does not end them.
func (a *App) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	for _, s := range a.services {
		if s.Drain != nil {
			s.Drain(ctx)
		}
	}
}

// serve serves until the server is shut down.
func (a *App) serve(server *http.Server, l net.Listener) {
	serve := server.Serve
	if server.TLSConfig != nil {
		serve = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
	}
	if err := serve(l); !errors.Is(err, http.ErrServerClosed) {
		a.telemetry.Log.Error("server", "address", l.Addr().String(), "error", err)
	}
}

// shutdown lets calls finish, for so long.
func shutdown(ctx context.Context, server *http.Server, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("calls were cut off: %w", err), server.Close())
	}
	return nil
}

// operatorsPort serves metrics, health, profiles and the check of the invariants.
func (a *App) operatorsPort() run.Part {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.telemetry.Registry, promhttp.HandlerOpts{
		EnableOpenMetrics: true,
		// What cannot be told while a backend is away must not hide what can.
		ErrorHandling: promhttp.ContinueOnError,
	}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", a.readyz)
	mux.HandleFunc("GET /check", a.serveCheck)
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	failpoint.Mount(mux)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: readHeaderTimeout}
	return run.Part{
		Name: "operators' port",
		Start: func(ctx context.Context) (err error) {
			if a.ops, err = listen(ctx, "PULSE_OPS_ADDR", a.config.Server.OpsAddr); err != nil {
				return err
			}
			go a.serve(server, a.ops)
			return nil
		},
		Stop: func(context.Context) error { return server.Close() },
	}
}

// readyz tells balancers whether to send calls. Redis and the broker may be away: calls are served without them.
func (a *App) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	switch {
	case !a.process.Ready():
		http.Error(w, a.whyNotReady(), http.StatusServiceUnavailable)
	case a.store.Ping(ctx) != nil:
		http.Error(w, "not ready: the database does not answer", http.StatusServiceUnavailable)
	default:
		_, _ = w.Write([]byte("ready\n"))
	}
}

// serveCheck runs the check of the invariants.
func (a *App) serveCheck(w http.ResponseWriter, r *http.Request) {
	if !a.process.Ready() {
		http.Error(w, "not ready: starting or stopping", http.StatusServiceUnavailable)
		return
	}
	results, err := a.Check(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(results)
}

// documents are the routes that describe the API.
func documents() map[string]http.Handler {
	return map[string]http.Handler{
		"GET /openapi.yaml": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/yaml")
			_, _ = w.Write(gen.OpenAPI)
		}),
	}
}
