package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"net/http"
	"strings"
	"text/template"
)

//go:embed haproxy.cfg.tmpl
var haproxyTemplate string

// refusals are what HAProxy answers by itself.
var refusals = []refusal{
	{
		Name: "sign_in", Status: http.StatusUnauthorized, Code: 16, CodeName: "unauthenticated", Reason: "SIGN_IN_REQUIRED",
		Message: "this call needs a signed-in caller: send an access token in the header Authorization",
	},
	{
		Name: "token", Status: http.StatusUnauthorized, Code: 16, CodeName: "unauthenticated", Reason: "ACCESS_TOKEN_INVALID",
		Message: "the access token is not valid or has expired: refresh it or log in",
	},
	{
		Name: "rate", Status: http.StatusTooManyRequests, Code: 8, CodeName: "resource_exhausted",
		Message: "too many calls from this address: wait and try again", RetryAfter: 10,
	},
	{
		Name: "size", Status: http.StatusRequestEntityTooLarge, Code: 8, CodeName: "resource_exhausted", Reason: "BODY_TOO_LARGE",
		Message: "the request is larger than any may be",
	},
	{
		Name: "unknown", Status: http.StatusNotFound, Code: 12, CodeName: "unimplemented", Reason: "UNKNOWN_METHOD",
		Message: "there is nothing at this path: /openapi.yaml lists the paths",
	},
}

// outages are what HAProxy answers when a service does not.
var outages = []refusal{
	outage(http.StatusBadGateway, "the service broke off: try again if the call may be repeated"),
	outage(http.StatusServiceUnavailable, "no replica of the service is there: try again"),
	outage(http.StatusGatewayTimeout, "the service did not answer in time: try again if the call may be repeated"),
}

func outage(status int, message string) refusal {
	return refusal{
		Name: fmt.Sprint(status), Status: status, Code: 14, CodeName: "unavailable", Reason: "UNAVAILABLE",
		Message: message, RetryAfter: 1,
	}
}

// haproxyData is what the template of haproxy.cfg is filled with.
type haproxyData struct {
	Routes   []haproxyRoute
	Services []haproxyBackend
	Refusals []refusal
	Outages  []refusal
	// Reads are the procedures that may be repeated.
	Reads []string
	// Streams are the beginnings of the paths of streams, which stay open.
	Streams []string
	// TokenCalls are the procedures that need a token, and TokenREST the same as expressions for method and path.
	TokenCalls, TokenREST []string
	// Uploads are the routes that take files.
	Uploads []haproxyUpload
	Edge    edge
}

// haproxyBackend is a service, whether some of its RPCs are streams, and how many seconds files of its routes may take; 0: it
// takes none.
type haproxyBackend struct {
	Name     string
	Streams  bool
	Patience int
}

// haproxyUpload is a route that takes files, as an expression for method and path.
type haproxyUpload struct {
	upload
	Match string
	// Secret is what its paths begin with; what follows lets whoever has it send the file.
	Secret string
}

// haproxyRoute is a route as a condition on the path.
type haproxyRoute struct{ Service, Match string }

// haproxyConfig is deploy/haproxy/haproxy.cfg.
func haproxyConfig(l layout) ([]byte, error) {
	table, err := routeTable(l)
	if err != nil {
		return nil, err
	}
	data := haproxyData{
		Refusals: refusals, Outages: outages, Edge: l.Edge,
		Streams: []string{"/grpc.reflection."},
	}
	for _, r := range table {
		data.Routes = append(data.Routes, haproxyRoute{Service: r.Service, Match: haproxyMatch(r)})
	}
	for _, s := range l.Services {
		backend := haproxyBackend{Name: s.Name, Streams: len(s.streams()) > 0}
		for _, u := range s.Uploads {
			added, err := haproxyUploadOf(u)
			if err != nil {
				return nil, err
			}
			data.Uploads = append(data.Uploads, added)
			backend.Patience = max(backend.Patience, u.Patience())
		}
		data.Services = append(data.Services, backend)
		for _, call := range s.RPCs {
			data.add(call)
		}
	}
	parsed, err := template.New("haproxy.cfg").Parse(haproxyTemplate)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, data)
	return out.Bytes(), err
}

// add notes what the gateway must know of an RPC.
func (d *haproxyData) add(call rpc) {
	if call.Streams {
		d.Streams = append(d.Streams, call.Procedure)
	} else if call.ReadOnly {
		d.Reads = append(d.Reads, call.Procedure)
	}
	if call.Public {
		return
	}
	d.TokenCalls = append(d.TokenCalls, call.Procedure)
	for _, rest := range call.REST {
		r, err := restRoute(rest.Path)
		if err != nil { // The route table has been made of the same paths.
			panic(err)
		}
		d.TokenREST = append(d.TokenREST, "^"+rest.Method+":"+r.expression()+"$")
	}
}

func haproxyUploadOf(u upload) (haproxyUpload, error) {
	method, r, err := u.parts()
	_, path, _ := strings.Cut(u.Route, " ")
	secret, _, _ := strings.Cut(path, "{")
	return haproxyUpload{upload: u, Match: "^" + method + ":" + r.expression() + "$", Secret: secret}, err
}

// haproxyMatch is a route as an expression of an ACL.
func haproxyMatch(r route) string {
	switch {
	case r.Prefix != "":
		return "path_beg " + r.Prefix
	case r.Exact != "":
		return "path " + r.Exact
	default:
		return "path_reg ^" + r.Pattern + "$"
	}
}
