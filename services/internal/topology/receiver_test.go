package topology_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonv1 "go.opentelemetry.io/proto/otlp/common/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // The collector packs what it sends.
	"google.golang.org/protobuf/proto"
)

// deploy is the folder of what is deployed, from here.
const deploy = "../../../deploy"

// span is what tests look at of one.
type span struct {
	service, name     string
	trace, id, parent string
	kind              tracev1.Span_SpanKind
	links             []string // trace and span id each
	system, query     string   // of a statement
}

// follows tells whether a span is caused by another: as its child, or by a link.
func (s span) follows(cause span) bool {
	return s.trace == cause.trace && s.parent == cause.id || slices.Contains(s.links, cause.trace+cause.id)
}

// receiver takes traces over OTLP: by gRPC from a collector, or by HTTP from the processes themselves.
type receiver struct {
	collectorv1.UnimplementedTraceServiceServer
	web       *httptest.Server
	rpc       *grpc.Server
	collector *exec.Cmd

	mu    sync.Mutex
	spans []span
}

var received = &receiver{}

// serve answers where the processes export to, by http/protobuf. With PULSE_TEST_OTELCOL it is a collector, which is run
// with the configuration that is deployed.
func (r *receiver) serve() (string, error) {
	collector := os.Getenv("PULSE_TEST_OTELCOL")
	if collector == "" {
		r.web = httptest.NewServer(r)
		return r.web.URL, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	r.rpc = grpc.NewServer()
	collectorv1.RegisterTraceServiceServer(r.rpc, r)
	go func() { _ = r.rpc.Serve(l) }()
	return r.collect(collector, l.Addr().String())
}

// collect runs the collector between the processes and this.
func (r *receiver) collect(program, to string) (string, error) {
	byHTTP, err := vacant()
	if err != nil {
		return "", err
	}
	byGRPC, err := vacant()
	if err != nil {
		return "", err
	}
	r.collector = exec.Command(program, "--config", filepath.Join(deploy, "otel", "collector.yaml"))
	r.collector.Env = append(os.Environ(), "OTLP_HTTP_ADDR="+byHTTP, "OTLP_GRPC_ADDR="+byGRPC, "OTLP_BATCH_TIMEOUT=50ms", "JAEGER_OTLP_ADDR="+to)
	r.collector.Stderr = os.Stderr
	if err := r.collector.Start(); err != nil {
		return "", fmt.Errorf("PULSE_TEST_OTELCOL=%s: %w", program, err)
	}
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", byHTTP)
		if err == nil {
			return "http://" + byHTTP, c.Close()
		}
		if time.Since(began) > 20*time.Second {
			return "", fmt.Errorf("the collector does not listen: %w", err)
		}
	}
}

// vacant answers an address of the loopback that nobody listened at a moment ago.
func vacant() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// stop ends all of it.
func (r *receiver) stop() error {
	var err error
	if r.web != nil {
		r.web.Close()
	}
	if r.collector != nil && r.collector.Process != nil {
		err = errors.Join(r.collector.Process.Signal(os.Interrupt), r.collector.Wait())
	}
	if r.rpc != nil {
		r.rpc.Stop()
	}
	return err
}

// Export takes spans by gRPC.
func (r *receiver) Export(_ context.Context, request *collectorv1.ExportTraceServiceRequest) (*collectorv1.ExportTraceServiceResponse, error) {
	r.take(request)
	return &collectorv1.ExportTraceServiceResponse{}, nil
}

// ServeHTTP implements [http.Handler] (OTLP/HTTP, binary protobuf).
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	raw, err := io.ReadAll(req.Body)
	var request collectorv1.ExportTraceServiceRequest
	if err != nil || proto.Unmarshal(raw, &request) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.take(&request)
}

func (r *receiver) take(request *collectorv1.ExportTraceServiceRequest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, resource := range request.GetResourceSpans() {
		service := attribute(resource.GetResource().GetAttributes(), "service.name")
		for _, scope := range resource.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				r.spans = append(r.spans, spanOf(service, s))
			}
		}
	}
}

func spanOf(service string, s *tracev1.Span) span {
	taken := span{
		service: service, name: s.GetName(), kind: s.GetKind(),
		trace: hexOf(s.GetTraceId()), id: hexOf(s.GetSpanId()), parent: hexOf(s.GetParentSpanId()),
		system: attribute(s.GetAttributes(), "db.system.name"), query: attribute(s.GetAttributes(), "db.query.text"),
	}
	for _, link := range s.GetLinks() {
		taken.links = append(taken.links, hexOf(link.GetTraceId())+hexOf(link.GetSpanId()))
	}
	return taken
}

func attribute(all []*commonv1.KeyValue, key string) string {
	for _, a := range all {
		if a.GetKey() == key {
			return strings.Clone(a.GetValue().GetStringValue())
		}
	}
	return ""
}

// find answers a span that was received.
func (r *receiver) find(is func(span) bool) (span, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.IndexFunc(r.spans, is); i >= 0 {
		return r.spans[i], true
	}
	return span{}, false
}
