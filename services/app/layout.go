package app

import (
	"fmt"
	"maps"
	"slices"

	"connectrpc.com/connect/v2"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	optionsv1 "github.com/pulse-social/pulse/gen/pulse/options/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/service"
)

// A Layout is what those who deploy, route to and watch Pulse must know of its services. Everything in deploy that names
// a service, an RPC or a consumer is generated from it.
type Layout struct {
	// Services are in the order of the catalog.
	Services []ServiceLayout `json:"services"`
	// EventStream is the JetStream stream that all consumers read.
	EventStream string `json:"eventStream"`
	// Edge is what gateways must know of calls in general.
	Edge EdgeLayout `json:"edge"`
}

// An EdgeLayout is what gateways must know of calls in general.
type EdgeLayout struct {
	// MaxRequestBytes bounds a request.
	MaxRequestBytes int `json:"maxRequestBytes"`
	// TokenAlgorithm, TokenType and TokenAudience are the alg, typ and aud of access tokens.
	TokenAlgorithm string `json:"tokenAlgorithm"`
	TokenType      string `json:"tokenType"`
	TokenAudience  string `json:"tokenAudience"`
	// MaxTokenBytes bounds an access token.
	MaxTokenBytes int `json:"maxTokenBytes"`
	// CORSMethods and CORSHeaders are what browsers of other origins may send, CORSExposed the headers that they may read.
	CORSMethods []string `json:"corsMethods"`
	CORSHeaders []string `json:"corsHeaders"`
	CORSExposed []string `json:"corsExposed"`
}

// A ServiceLayout is one service as deployments see it.
type ServiceLayout struct {
	// Name is what pulse serve is told to run it.
	Name string `json:"name"`
	// Calls are the services that it calls.
	Calls []string `json:"calls"`
	// Schemas are the full names of the protobuf services that it serves, such as pulse.post.v1.PostService.
	Schemas []string `json:"schemas"`
	// RPCs are their methods.
	RPCs []RPCLayout `json:"rpcs"`
	// Routes are the HTTP routes that it serves besides, as patterns of net/http, such as "GET /.well-known/jwks.json".
	Routes []string `json:"routes"`
	// Uploads are those of the routes that take files.
	Uploads []UploadLayout `json:"uploads"`
	// Consumers react to events in the background.
	Consumers []ConsumerLayout `json:"consumers"`
}

// An UploadLayout is one route that takes files.
type UploadLayout struct {
	// Route is its pattern, which is among the routes of its service too.
	Route string `json:"route"`
	// MaxBytes is the largest file that operators may have it take.
	MaxBytes int64 `json:"maxBytes"`
	// Seconds is how long a file may take to come.
	Seconds int `json:"seconds"`
}

// An RPCLayout is one RPC.
type RPCLayout struct {
	// Procedure is its path, such as /pulse.post.v1.PostService/CreatePost.
	Procedure string `json:"procedure"`
	// Public tells whether callers need no token.
	Public bool `json:"public"`
	// ReadOnly tells whether it has no side effects: it may be called by GET, and be repeated.
	ReadOnly bool `json:"readOnly"`
	// Streams tells whether its answer is a stream.
	Streams bool `json:"streams"`
	// REST are its paths under /v1/.
	REST []RESTLayout `json:"rest"`
}

// A RESTLayout is one REST path of an RPC.
type RESTLayout struct {
	// Method is the HTTP method.
	Method string `json:"method"`
	// Path is a template of google.api.http, such as /v1/posts/{post_id}.
	Path string `json:"path"`
}

// A ConsumerLayout is one consumer.
type ConsumerLayout struct {
	// Name is how logs and dead letters call it.
	Name string `json:"name"`
	// Durable is its name on the broker.
	Durable string `json:"durable"`
	// Events are the full names of the events that it reacts to.
	Events []string `json:"events"`
}

// DescribeLayout answers the layout of all services of the catalog. Nothing is started for it.
func DescribeLayout() (Layout, error) {
	layout := Layout{EventStream: bus.EventStream, Edge: EdgeLayout{
		MaxRequestBytes: rpc.MaxRequestBytes,
		TokenAlgorithm:  auth.TokenAlgorithm, TokenType: auth.TokenType, TokenAudience: auth.Audience, MaxTokenBytes: auth.MaxTokenBytes,
		CORSMethods: rpc.CORSMethods(), CORSHeaders: rpc.CORSHeaders(), CORSExposed: rpc.CORSExposed(),
	}}
	for _, e := range catalog {
		described, err := describe(e, unstarted(e))
		if err != nil {
			return layout, fmt.Errorf("service %s: %w", e.name, err)
		}
		layout.Services = append(layout.Services, described)
	}
	return layout, nil
}

// unstarted makes a service that is only asked what it has: the constructors keep what they are given and use none of it.
func unstarted(e entry) service.Service {
	return e.make(Config{}, service.Deps{Dial: func(string) *connect.Client { return rpc.DialInProcess(connect.NewServer()) }})
}

// schemaNames lists the full names of the protobuf services of the whole catalog.
func schemaNames() []string {
	server := connect.NewServer()
	for _, e := range catalog {
		unstarted(e).Register(server)
	}
	return rpc.ServiceNames(server)
}

func describe(e entry, s service.Service) (ServiceLayout, error) {
	server := connect.NewServer()
	s.Register(server)
	described := ServiceLayout{
		Name: e.name, Calls: append([]string{}, e.calls...), Schemas: rpc.ServiceNames(server), RPCs: []RPCLayout{},
		Routes: append([]string{}, slices.Sorted(maps.Keys(s.Routes))...), Uploads: []UploadLayout{}, Consumers: []ConsumerLayout{},
	}
	for _, route := range slices.Sorted(maps.Keys(s.Uploads)) {
		if s.Routes[route] == nil {
			return described, fmt.Errorf("the upload %q is no route", route)
		}
		upload := s.Uploads[route]
		described.Uploads = append(described.Uploads, UploadLayout{Route: route, MaxBytes: upload.MaxBytes, Seconds: int(upload.Time.Seconds())})
	}
	for spec := range server.Specs() {
		call, err := describeRPC(spec)
		if err != nil {
			return described, err
		}
		described.RPCs = append(described.RPCs, call)
	}
	for _, c := range s.Consumers {
		described.Consumers = append(described.Consumers, ConsumerLayout{Name: c.Name, Durable: c.Durable(), Events: c.Types()})
	}
	return described, nil
}

func describeRPC(spec connect.Spec) (RPCLayout, error) {
	policy, err := rpc.PolicyOf(spec)
	if err != nil {
		return RPCLayout{}, err
	}
	return RPCLayout{
		Procedure: spec.Procedure,
		Public:    policy.GetAccess() == optionsv1.Access_ACCESS_PUBLIC,
		ReadOnly:  spec.IdempotencyLevel == connect.IdempotencyNoSideEffects,
		Streams:   spec.StreamType != connect.StreamTypeUnary,
		REST:      restPaths(spec),
	}, nil
}

// restPaths lists the paths that google.api.http gives an RPC.
func restPaths(spec connect.Spec) []RESTLayout {
	paths := []RESTLayout{}
	method, ok := spec.Schema.(protoreflect.MethodDescriptor)
	if !ok {
		return paths
	}
	rule, _ := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
	if rule == nil {
		return paths
	}
	for _, r := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
		switch pattern := r.GetPattern().(type) {
		case *annotations.HttpRule_Get:
			paths = append(paths, RESTLayout{Method: "GET", Path: pattern.Get})
		case *annotations.HttpRule_Put:
			paths = append(paths, RESTLayout{Method: "PUT", Path: pattern.Put})
		case *annotations.HttpRule_Post:
			paths = append(paths, RESTLayout{Method: "POST", Path: pattern.Post})
		case *annotations.HttpRule_Delete:
			paths = append(paths, RESTLayout{Method: "DELETE", Path: pattern.Delete})
		case *annotations.HttpRule_Patch:
			paths = append(paths, RESTLayout{Method: "PATCH", Path: pattern.Patch})
		}
	}
	return paths
}
