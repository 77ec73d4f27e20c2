package apitest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// spans is a receiver of OpenTelemetry traces.
type spans struct {
	mu    sync.Mutex
	names map[string]map[string]int // by trace
}

// ServeHTTP implements [http.Handler] (OTLP/HTTP, binary protobuf).
func (s *spans) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	var request collectorv1.ExportTraceServiceRequest
	if err != nil || proto.Unmarshal(raw, &request) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, resource := range request.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				trace := string(span.GetTraceId())
				if s.names[trace] == nil {
					s.names[trace] = map[string]int{}
				}
				s.names[trace][span.GetName()]++
			}
		}
	}
}

// has tells whether a trace has spans whose names begin so.
func (s *spans) has(trace string, prefixes ...string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, prefix := range prefixes {
		found := false
		for name := range s.names[trace] {
			found = found || strings.HasPrefix(name, prefix)
		}
		if !found {
			return false
		}
	}
	return true
}

// One trace leads from the caller through the API, SQL and Redis, and across NATS to every consumer. The test is not
// parallel: the exporter is the process's.
func TestOneTraceFromTheCallToTheLastConsumer(t *testing.T) {
	received := &spans{names: map[string]map[string]int{}}
	collector := httptest.NewServer(received)
	t.Cleanup(collector.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
	t.Setenv("OTEL_TRACES_EXPORTER", "otlp")
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
	p := pulsetest.Start(t, pulsetest.WithEnv("OTEL_TRACES_EXPORTER", "otlp"))
	ada := p.User(t, "ada")

	const trace = "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
	ctx, call := connect.NewClientContext(t.Context())
	call.RequestHeader().Set("Traceparent", "00-"+strings.Repeat("aa", 16)+"-"+strings.Repeat("bb", 8)+"-01")
	if _, err := ada.Posts.CreatePost(ctx, &postv1.CreatePostRequest{Text: "traced"}); err != nil {
		t.Fatal(err)
	}
	testwait.Until(t, "the whole trace is exported", func() bool {
		return received.has(trace, "pulse.post.v1.PostService/CreatePost", "sql.", "redis GET",
			"consume post.counts", "consume user.counts", "consume timeline.fanout")
	})
}
