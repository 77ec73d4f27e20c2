// Package rpc is the edge: the server that every call passes, the errors that callers see, and the clients for calls
// between services.
package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
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

	"github.com/pulse-social/pulse/services/internal/auth"
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

// NewServer makes the server that services register with. Interceptors run in this order: request id and deadline,
// telemetry, error map, recovery, authorization, idempotency, joined answers, validation.
func NewServer(verifier *auth.Verifier, log *slog.Logger, newRequestID func() string) (*connect.Server, error) {
	spans, err := otelconnect.NewServerInterceptor(otelconnect.WithTrustRemote())
	if err != nil {
		return nil, err
	}
	validator, err := protovalidate.New()
	if err != nil {
		return nil, err
	}
	server := connect.NewServer(
		traced(log, newRequestID),
		spans,
		mapErrors(log),
		recovered(log),
		authorize(verifier),
		idempotent,
		joined,
		validate.NewServerInterceptor(validate.WithValidator(validator)),
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
	services := serviceNames(e.Server)
	for _, name := range services {
		mux.Handle("/"+name+"/", cacheable(calls))
	}
	rest, err := newREST(services, calls, e.NewRequestID)
	if err != nil {
		return nil, err
	}
	mux.Handle("/v1/", cacheable(rest))
	mountReflection(mux, services)
	mountHealth(mux, services, e.Ready)
	for pattern, handler := range e.Routes {
		mux.Handle(pattern, handler)
	}
	return withCORS(e.CORSOrigins, withSecurityHeaders(mux)), nil
}

// serviceNames lists the full names of a server's services, in order of registration.
func serviceNames(server *connect.Server) []string {
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
		AllowedMethods: append(connectcors.AllowedMethods(), http.MethodPut, http.MethodPatch, http.MethodDelete),
		AllowedHeaders: append(connectcors.AllowedHeaders(), "Authorization", headerIdempotencyKey, headerRequestID, "If-None-Match"),
		ExposedHeaders: append(connectcors.ExposedHeaders(), headerRequestID, "ETag", "Retry-After"),
		MaxAge:         int((2 * time.Hour).Seconds()),
	}).Handler(next)
}

// withSecurityHeaders tells browsers to take answers for what they are.
func withSecurityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}
