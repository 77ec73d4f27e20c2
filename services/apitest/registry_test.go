package apitest_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectinprocess"
	"connectrpc.com/grpcreflect/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	_ "github.com/pulse-social/pulse/gen/pulse/bus/v1" // Its events are looked for in the registry.
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	optionsv1 "github.com/pulse-social/pulse/gen/pulse/options/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/overload"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// schemaMethods lists every RPC of the schema that is linked into this program, by procedure.
func schemaMethods() map[string]protoreflect.MethodDescriptor {
	methods := map[string]protoreflect.MethodDescriptor{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(file.Package()), "pulse.") {
			return true
		}
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				method := service.Methods().Get(j)
				methods["/"+string(service.FullName())+"/"+string(method.Name())] = method
			}
		}
		return true
	})
	return methods
}

func TestEveryRPCHasPolicyAndPath(t *testing.T) {
	t.Parallel()
	methods := schemaMethods()
	if len(methods) < 25 {
		t.Fatalf("only %d RPCs in the registry: are the services linked?", len(methods))
	}
	for procedure, method := range methods {
		if _, err := rpc.PolicyOf(connect.Spec{Procedure: procedure, Schema: method}); err != nil {
			t.Error(err)
		}
		rules := bindings(method)
		if method.IsStreamingServer() {
			if len(rules) > 0 {
				t.Errorf("%s streams, and REST has no streams", procedure)
			}
			continue
		}
		if len(rules) == 0 {
			t.Errorf("%s has no google.api.http rule", procedure)
		}
		for _, rule := range rules {
			if verb, path := verbAndPath(rule); verb == "" || !strings.HasPrefix(path, "/v1/") {
				t.Errorf("%s has the path %q %q, want one below /v1/", procedure, verb, path)
			}
		}
	}
}

func TestEveryRPCIsMounted(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	client := newHTTP1Client(t)
	registered := map[string]bool{}
	for spec := range p.App.Server().Specs() {
		registered[spec.Procedure] = true
	}
	methods := schemaMethods()
	for procedure := range methods {
		if !registered[procedure] {
			t.Errorf("%s is in the schema and not registered", procedure)
		}
		// Whatever the answer is, it came through the interceptors: they name the request.
		answer := send(t, client, http.MethodPost, p.URL()+procedure, "{}")
		if streams := methods[procedure].IsStreamingServer(); streams && answer.status == http.StatusUnsupportedMediaType {
			continue // It is there, and speaks another content type.
		}
		if answer.header.Get("X-Request-Id") == "" {
			t.Errorf("%s is not mounted: HTTP %d %s", procedure, answer.status, answer.body)
		}
	}
	for procedure := range registered {
		if methods[procedure] == nil {
			t.Errorf("%s is registered and not in the schema", procedure)
		}
	}
}

// TestRoutes probes for pages that belong on the operators' port or nowhere.
func TestRoutes(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	client := newHTTP1Client(t)
	for path, want := range map[string]int{
		"/":                                 http.StatusNotFound,
		"/metrics":                          http.StatusNotFound,
		"/debug/pprof/":                     http.StatusNotFound,
		"/debug/pprof/heap":                 http.StatusNotFound,
		"/debug/vars":                       http.StatusNotFound,
		"/check":                            http.StatusNotFound,
		"/healthz":                          http.StatusNotFound,
		"/readyz":                           http.StatusNotFound,
		"/.well-known/":                     http.StatusNotFound,
		"/v1/":                              http.StatusNotFound,
		"/v1/nothing":                       http.StatusNotFound,
		"/v1/posts/1/../../../metrics":      http.StatusNotFound,
		"/pulse.post.v1.PostService/":       http.StatusNotFound,
		"/pulse.bus.v1.PostCreated":         http.StatusNotFound,
		"/.well-known/jwks.json":            http.StatusOK,
		"/.well-known/openid-configuration": http.StatusOK,
		"/openapi.yaml":                     http.StatusOK,
		"/pulse.post.v1.PostService/Nope?":  http.StatusNotFound,
	} {
		if answer := send(t, client, http.MethodGet, p.URL()+path, ""); answer.status != want {
			t.Errorf("GET %s: HTTP %d %.80q, want %d", path, answer.status, answer.body, want)
		}
	}
	for _, path := range []string{"/metrics", "/healthz", "/readyz", "/debug/pprof/"} {
		if answer := send(t, client, http.MethodGet, p.App.OpsURL()+path, ""); answer.status != http.StatusOK {
			t.Errorf("operators' GET %s: HTTP %d", path, answer.status)
		}
	}
}

func TestEveryReasonHasACode(t *testing.T) {
	t.Parallel()
	values := errorsv1.Reason(0).Descriptor().Values()
	for i := range values.Len() {
		value := values.Get(i)
		code, _ := proto.GetExtension(value.Options(), optionsv1.E_Code).(optionsv1.Code)
		if (code == optionsv1.Code_CODE_UNSPECIFIED) != (value.Number() == 0) {
			t.Errorf("%s has the code %v", value.Name(), code)
		}
		if _, err := connect.Code(code).MarshalText(); err != nil {
			t.Errorf("%s: %v", value.Name(), err)
		}
	}
}

func TestEveryEventHasAnAggregate(t *testing.T) {
	t.Parallel()
	events := 0
	protoregistry.GlobalTypes.RangeMessages(func(kind protoreflect.MessageType) bool {
		message := kind.Descriptor()
		if message.ParentFile().Package() != "pulse.bus.v1" {
			return true
		}
		events++
		event, _ := proto.GetExtension(message.Options(), optionsv1.E_Event).(*optionsv1.Event)
		field := message.Fields().ByName(protoreflect.Name(event.GetAggregate()))
		if field == nil || field.Kind() != protoreflect.Int64Kind || field.IsList() {
			t.Errorf("%s names the aggregate %q, want one of its int64 fields", message.FullName(), event.GetAggregate())
		}
		return true
	})
	if events == 0 {
		t.Error("no events in the registry")
	}
}

// TestForgottenPolicyIsNoticed proves that the check of the start can fail, and that a call which got past it is denied.
func TestForgottenPolicyIsNoticed(t *testing.T) {
	t.Parallel()
	foreign := connect.NewServer()
	grpcreflect.Register(foreign)
	if err := rpc.CheckPolicies(foreign); err == nil || !strings.Contains(err.Error(), grpcreflect.ReflectV1ServiceName) {
		t.Errorf("an RPC without a policy: %v", err)
	}
	if _, err := (rpc.Edge{Server: foreign}).Handler(); err == nil {
		t.Error("a server with an RPC without a policy got a handler")
	}
	for name, policy := range map[string]*optionsv1.Policy{
		"no policy":     nil,
		"no access":     {Object: optionsv1.ObjectKind_OBJECT_KIND_NONE},
		"no object":     {Access: optionsv1.Access_ACCESS_PUBLIC},
		"no rate class": {Access: optionsv1.Access_ACCESS_PUBLIC, Object: optionsv1.ObjectKind_OBJECT_KIND_NONE},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, spec := serverWith(t, policy)
			if err := rpc.CheckPolicies(server); err == nil {
				t.Error("the policy was found complete")
			}
			client := connect.NewClient(connectinprocess.New(server))
			err := client.CallUnary(t.Context(), spec, &optionsv1.Policy{}, &optionsv1.Policy{})
			if got := pulse.ReasonOf(err); got != errorsv1.Reason_REASON_INTERNAL {
				t.Errorf("the call: %v, want it denied", err)
			}
		})
	}
	complete := &optionsv1.Policy{
		Access: optionsv1.Access_ACCESS_PUBLIC, Object: optionsv1.ObjectKind_OBJECT_KIND_NONE, RateClass: optionsv1.RateClass_RATE_CLASS_READ,
	}
	if server, _ := serverWith(t, complete); rpc.CheckPolicies(server) != nil {
		t.Error("a complete policy was not found so")
	}
}

// serverWith answers a server of Pulse's making with one RPC that has this policy.
func serverWith(t *testing.T, policy *optionsv1.Policy) (*connect.Server, connect.Spec) {
	t.Helper()
	server, err := rpc.NewServer(nil, overload.NewGate(overload.Config{}, clock.System), nil, nil, slog.New(slog.DiscardHandler), func() string { return "1" })
	if err != nil {
		t.Fatal(err)
	}
	spec := connect.Spec{Procedure: "/test.v1.Test/Call", Schema: methodWith(t, policy)}
	server.Register(connect.Method{Spec: spec, Handler: func(context.Context, connect.Spec, connect.ServerStream) error {
		return errors.New("the handler was reached")
	}})
	if !slices.ContainsFunc(slices.Collect(server.Specs()), func(s connect.Spec) bool { return s.Procedure == spec.Procedure }) {
		t.Fatal("the RPC was not registered")
	}
	return server, spec
}
