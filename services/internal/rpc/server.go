// Package rpc is the edge: the server that every call passes, the errors that callers see, and the clients for calls
// between services.
package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"buf.build/go/protovalidate"
	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	connectcors "connectrpc.com/cors"
	"connectrpc.com/grpcreflect/v2"
	"connectrpc.com/otelconnect"
	"connectrpc.com/validate"
	"github.com/rs/cors"
	"go.opentelemetry.io/otel/metric"

	"github.com/pulse-social/pulse/services/internal/aside"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/limit"
	"github.com/pulse-social/pulse/services/internal/overload"
	"github.com/pulse-social/pulse/services/internal/telemetry"
)

// Config says how the server is reached.
type Config struct {
	// Addr is where the API listens.
	Addr string `env:"PULSE_ADDR" envDefault:"127.0.0.1:8080" doc:"where the API listens"`
	// OpsAddr is where operators look: metrics, health, profiles.
	OpsAddr string `env:"PULSE_OPS_ADDR" envDefault:"127.0.0.1:9090" doc:"where metrics, health and profiles are served, for operators only"`
	// CORSOrigins are the exact origins of browsers that may call.
	CORSOrigins []string `env:"PULSE_CORS_ORIGINS" doc:"origins of browsers that may call, exact and with commas, such as https://app.example.org"`
	// DrainDelay is how long the server goes on serving after it has become unready.
	DrainDelay time.Duration `env:"PULSE_DRAIN_DELAY" envDefault:"0s" doc:"how long to serve on after becoming unready, so that balancers notice"`
	// StopTimeout bounds how long calls may take to finish when the server stops.
	StopTimeout time.Duration `env:"PULSE_STOP_TIMEOUT" envDefault:"20s" doc:"how long calls may take to finish at a stop"`
}

// Validate answers what is wrong with the settings.
func (c Config) Validate() error {
	for _, origin := range c.CORSOrigins {
		if strings.ContainsAny(origin, "*") || !strings.Contains(origin, "://") {
			return fmt.Errorf("PULSE_CORS_ORIGINS holds %q: write exact origins such as https://app.example.org", origin)
		}
	}
	return nil
}

// Loopback tells whether only the process's own machine can reach the API.
func (c Config) Loopback() bool {
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil || host == "localhost" {
		return err == nil
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// NewServer makes the server that services register with. Interceptors run in this order: telemetry, request id and
// deadline, error map, recovery, overload, authorization, rate limits, idempotency, joined answers, validation.
func NewServer(verifier *auth.Verifier, gate *overload.Gate, limits *limit.Limiter, pass *limit.Pass, log *slog.Logger, newRequestID func() string) (*connect.Server, error) {
	// A stream lives for minutes: as a span it would be held in memory as long, and its time is no latency.
	spans, err := otelconnect.NewServerInterceptor(otelconnect.WithTrustRemote(),
		otelconnect.WithDurationHistogramOptions(metric.WithExplicitBucketBoundaries(telemetry.Seconds...)))
	if err != nil {
		return nil, err
	}
	validator, err := protovalidate.New()
	if err != nil {
		return nil, err
	}
	server := connect.NewServer(
		unaryOnly(spans),
		identified(log, newRequestID, newInFlight()),
		mapErrors(log),
		recovered(log),
		unaryOnly(gated(gate, pass)),
		admitted(aside.NewPool(),
			authorize(verifier),
			limited(limits, pass),
			idempotent,
			joined,
			validate.NewServerInterceptor(validate.WithValidator(validator)),
		),
	)
	server.SetUnknownHandler(func(_ context.Context, spec connect.Spec, _ connect.ServerStream) error { return unknownMethod(spec) })
	return server, nil
}

// An Edge is what the API's port serves.
type Edge struct {
	// Server has the RPCs.
	Server *connect.Server
	// Routes are HTTP routes besides them, by pattern.
	Routes map[string]http.Handler
	// NewRequestID names calls that fail before they reach an RPC.
	NewRequestID func() string
	// Ready tells health checks whether the process serves.
	Ready func() bool
	// CORSOrigins are the origins of browsers that may call.
	CORSOrigins []string
	// Reflected are the full names of the services that reflection describes; nil means those of the server.
	Reflected []string
}

// Handler answers everything that the API's port serves: Connect, gRPC, gRPC-Web and JSON, the REST paths under /v1/,
// reflection, health, and the routes.
func (e Edge) Handler() (http.Handler, error) {
	if err := CheckPolicies(e.Server); err != nil {
		return nil, err
	}
	calls := http.NewServeMux()
	connecthttp.Mount(calls, e.Server, httpOptions()...)

	mux := http.NewServeMux()
	services := ServiceNames(e.Server)
	for _, name := range services {
		mux.Handle("/"+name+"/", cacheable(calls))
	}
	rest, err := newREST(services, calls, e.NewRequestID)
	if err != nil {
		return nil, err
	}
	mux.Handle("/v1/", cacheable(rest))
	if e.Reflected == nil {
		e.Reflected = services
	}
	mountReflection(mux, e.Reflected)
	mountHealth(mux, services, e.Ready)
	for pattern, handler := range e.Routes {
		mux.Handle(pattern, handler)
	}
	return withOutlets(e.Server, withCORS(e.CORSOrigins, withSecurityHeaders(mux))), nil
}

// ServiceNames lists the full names of a server's services, in order of registration.
func ServiceNames(server *connect.Server) []string {
	var names []string
	seen := map[string]bool{}
	for spec := range server.Specs() {
		name, _, _ := strings.Cut(strings.TrimPrefix(spec.Procedure, "/"), "/")
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// mountReflection describes the services to tools such as grpcurl. It is on a server of its own, for it needs no token
// and tells nothing but the schema.
func mountReflection(mux *http.ServeMux, services []string) {
	server := connect.NewServer()
	grpcreflect.Register(server, grpcreflect.WithNamer(grpcreflect.NamerFunc(func() []string { return services })))
	connecthttp.Mount(mux, server)
}

// withCORS lets browsers of the listed origins call, and no others.
func withCORS(origins []string, next http.Handler) http.Handler {
	if len(origins) == 0 {
		return next
	}
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: CORSMethods(),
		AllowedHeaders: CORSHeaders(),
		ExposedHeaders: CORSExposed(),
		MaxAge:         int((2 * time.Hour).Seconds()),
	}).Handler(next)
}

// CORSMethods are the methods that browsers of other origins may use.
func CORSMethods() []string {
	return append(connectcors.AllowedMethods(), http.MethodPut, http.MethodPatch, http.MethodDelete)
}

// CORSHeaders are the headers that browsers of other origins may send.
func CORSHeaders() []string {
	return append(connectcors.AllowedHeaders(), "Authorization", headerIdempotencyKey, headerRequestID, "If-None-Match")
}

// CORSExposed are the headers that browsers of other origins may read.
func CORSExposed() []string {
	return append(connectcors.ExposedHeaders(), headerRequestID, "ETag", "Retry-After", headerLimit, headerRemaining, headerReset)
}

// withSecurityHeaders tells browsers to take answers for what they are.
func withSecurityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}
