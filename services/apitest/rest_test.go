package apitest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/api/annotations"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// restTransport calls the paths of google.api.http, as the schema states them. It knows as much of that language as
// Pulse uses: variables of one segment, and a body that is the whole message or none.
type restTransport struct {
	client *http.Client
	url    string
}

// NewClientStream implements [connect.Transport].
func (r restTransport) NewClientStream(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
	return &restStream{rest: r, ctx: ctx, method: spec.Schema.(protoreflect.MethodDescriptor)}, nil
}

type restStream struct {
	rest    restTransport
	ctx     context.Context
	method  protoreflect.MethodDescriptor
	request proto.Message
	done    bool
}

func (s *restStream) SendHeaders() error { return nil }
func (s *restStream) CloseSend() error   { return nil }
func (s *restStream) Close() error       { return nil }

func (s *restStream) Send(msg any) error {
	s.request = msg.(proto.Message)
	return nil
}

func (s *restStream) Receive(msg any) error {
	if s.done {
		return io.EOF
	}
	s.done = true
	req, err := s.rest.newRequest(s.ctx, s.method, s.request)
	if err != nil {
		return err
	}
	res, err := s.rest.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if info, ok := connect.CallInfoForClientContext(s.ctx); ok {
		for key, values := range res.Header {
			info.ResponseHeader().Set(key, values[0])
		}
	}
	if res.StatusCode != http.StatusOK {
		return restError(body)
	}
	return protojson.Unmarshal(body, msg.(proto.Message))
}

// restError reads an error as REST answers it, a google.rpc.Status in JSON.
func restError(body []byte) error {
	var status rpcstatus.Status
	if err := protojson.Unmarshal(body, &status); err != nil {
		return errors.Join(err, errors.New(string(body)))
	}
	failed := connect.NewError(connect.Code(status.GetCode()), status.GetMessage())
	for _, packed := range status.GetDetails() {
		detail, err := connectproto.NewErrorDetail(packed)
		if err != nil {
			return err
		}
		failed = failed.WithDetail(detail)
	}
	return failed
}

func (r restTransport) newRequest(ctx context.Context, method protoreflect.MethodDescriptor, msg proto.Message) (*http.Request, error) {
	verb, target, body, err := restParts(method, msg)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, verb, r.url+target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if info, ok := connect.CallInfoForClientContext(ctx); ok {
		for key, values := range info.RequestHeader().All() {
			req.Header[key] = slices.Clone(values)
		}
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// restParts writes a request as its RPC's rule says.
func restParts(method protoreflect.MethodDescriptor, msg proto.Message) (verb, target string, body []byte, err error) {
	rule := bindingFor(method, msg.ProtoReflect())
	verb, path := verbAndPath(rule)
	encoded, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(msg)
	if err != nil {
		return "", "", nil, err
	}
	var fields map[string]any
	if err := json.Unmarshal(encoded, &fields); err != nil {
		return "", "", nil, err
	}
	for _, name := range variables(path) {
		value, ok := fields[name].(string) // Ids are strings in JSON, as handles are.
		if !ok {
			value = "0"
		}
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
		delete(fields, name)
	}
	if rule.GetBody() == "*" {
		body, err = json.Marshal(fields)
		return verb, path, body, err
	}
	return verb, path + "?" + query(fields).Encode(), nil, nil
}

// query writes fields as parameters, a list as one parameter for each item.
func query(fields map[string]any) url.Values {
	q := url.Values{}
	for name, value := range fields {
		items, ok := value.([]any)
		if !ok {
			items = []any{value}
		}
		for _, item := range items {
			text, ok := item.(string)
			if !ok {
				encoded, _ := json.Marshal(item) // It was JSON a moment ago.
				text = string(encoded)
			}
			q.Add(name, text)
		}
	}
	return q
}

// bindings answers the rules of an RPC, the main one first; none when it has no path.
func bindings(method protoreflect.MethodDescriptor) []*annotations.HttpRule {
	rule, _ := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
	if rule == nil {
		return nil
	}
	return append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...)
}

// bindingFor answers the first rule whose variables the request sets, else the main one.
func bindingFor(method protoreflect.MethodDescriptor, msg protoreflect.Message) *annotations.HttpRule {
	rules := bindings(method)
	for _, rule := range rules {
		_, path := verbAndPath(rule)
		if !slices.ContainsFunc(variables(path), func(name string) bool {
			return !msg.Has(msg.Descriptor().Fields().ByName(protoreflect.Name(name)))
		}) {
			return rule
		}
	}
	return rules[0]
}

func verbAndPath(rule *annotations.HttpRule) (verb, path string) {
	switch pattern := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		return http.MethodGet, pattern.Get
	case *annotations.HttpRule_Put:
		return http.MethodPut, pattern.Put
	case *annotations.HttpRule_Post:
		return http.MethodPost, pattern.Post
	case *annotations.HttpRule_Delete:
		return http.MethodDelete, pattern.Delete
	case *annotations.HttpRule_Patch:
		return http.MethodPatch, pattern.Patch
	default:
		return "", ""
	}
}

var variable = regexp.MustCompile(`\{([a-z_]+)\}`)

// variables lists the names in a path's braces.
func variables(path string) []string {
	var names []string
	for _, match := range variable.FindAllStringSubmatch(path, -1) {
		names = append(names, match[1])
	}
	return names
}
