package apitest_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"slices"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectinprocess"

	"github.com/pulse-social/pulse/services/internal/testbackend"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// A wire is one way to call Pulse.
type wire struct {
	name string
	dial func(t *testing.T, p *pulsetest.Pulse) connect.Transport
	// get makes every call an HTTP GET, also where that must be refused.
	get bool
}

// wires are all ways to call Pulse.
var wires = []wire{
	{name: "in process", dial: func(_ *testing.T, p *pulsetest.Pulse) connect.Transport { return connectinprocess.New(p.App.Server()) }},
	{name: "Connect proto", dial: overHTTP()},
	{name: "Connect JSON", dial: overHTTP(connecthttp.WithProtoJSON())},
	{name: "Connect GET", dial: overHTTP(connecthttp.WithHTTPGet()), get: true},
	{name: "gRPC", dial: overHTTP(connecthttp.WithGRPC())},
	{name: "gRPC-Web", dial: overHTTP(connecthttp.WithGRPCWeb())},
	{name: "REST", dial: func(t *testing.T, p *pulsetest.Pulse) connect.Transport {
		return restTransport{newHTTPClient(t), p.URL()}
	}},
}

// wiresOfRun are those that this run calls by. They differ in how calls are read and answers written, whatever lies behind. So one run
// over all of them is enough, that of `task test:matrix`, which takes minutes; others have some that differ most, and the one that
// has most between caller and handler where the matrix is there for what lies behind.
func wiresOfRun(t *testing.T) []wire {
	t.Helper()
	switch choice := os.Getenv("PULSE_TEST_MATRIX"); {
	case choice == "all":
		return wires
	case choice != "":
		t.Fatalf("PULSE_TEST_MATRIX=%q: set all, or nothing", choice)
	case underRaceDetector || !testbackend.Embedded():
		return wiresNamed("gRPC")
	}
	return wiresNamed("Connect GET", "gRPC", "REST")
}

func wiresNamed(names ...string) []wire {
	return slices.DeleteFunc(slices.Clone(wires), func(w wire) bool { return !slices.Contains(names, w.name) })
}

func overHTTP(options ...connecthttp.Option) func(*testing.T, *pulsetest.Pulse) connect.Transport {
	return func(t *testing.T, p *pulsetest.Pulse) connect.Transport {
		t.Helper()
		return connecthttp.NewTransport(newHTTPClient(t), p.URL(), options...)
	}
}

// newHTTPClient answers a client that speaks HTTP/2 to http:// addresses, as gRPC needs, and notes what it received for
// calls under [tapped].
func newHTTPClient(t *testing.T) *http.Client {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: tap{transport}}
}

// received is an HTTP answer as it was on the wire.
type received struct {
	status          int
	header, trailer http.Header
	body            []byte
}

type tapKey struct{}

// tapped answers a context whose call's HTTP answer is noted in the second result.
func tapped(ctx context.Context) (context.Context, *received) {
	r := &received{}
	return context.WithValue(ctx, tapKey{}, r), r
}

type tap struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (t tap) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := t.next.RoundTrip(req)
	note, ok := req.Context().Value(tapKey{}).(*received)
	if err != nil || !ok {
		return res, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	*note = received{status: res.StatusCode, header: res.Header.Clone(), trailer: res.Trailer.Clone(), body: body}
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, nil
}
