package topology_test

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

	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/internal/testwait"
)

// spans is a receiver of OpenTelemetry traces: for each trace, the spans as service and name.
type spans struct {
	server *httptest.Server
	mu     sync.Mutex
	seen   map[string]map[string]bool
}

var received = &spans{seen: map[string]map[string]bool{}}

// serve answers where the processes export to.
func (s *spans) serve() string {
	s.server = httptest.NewServer(s)
	return s.server.URL
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
		service := ""
		for _, attribute := range resource.GetResource().GetAttributes() {
			if attribute.GetKey() == "service.name" {
				service = attribute.GetValue().GetStringValue()
			}
		}
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				trace := string(span.GetTraceId())
				if s.seen[trace] == nil {
					s.seen[trace] = map[string]bool{}
				}
				s.seen[trace][service+" "+span.GetName()] = true
			}
		}
	}
}

func (s *spans) has(trace, span string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[trace][span]
}

func TestOneTraceCrossesFromTheCallerToTheServiceThatIsCalled(t *testing.T) {
	s := split(t)
	ada := register(t, s, "traced_ada")
	write(t, ada.Client, "hello")
	ctx, call := connect.NewClientContext(t.Context())
	call.RequestHeader().Set("Traceparent", "00-"+strings.Repeat("ab", 16)+"-"+strings.Repeat("cd", 8)+"-01")
	_, err := ada.Timelines.GetHomeTimeline(ctx, &timelinev1.GetHomeTimelineRequest{})
	must(t, err)
	for _, span := range []string{
		"pulse-timeline pulse.timeline.v1.TimelineService/GetHomeTimeline", "pulse-post pulse.post.v1.PostService/BatchGetPosts",
	} {
		testwait.Until(t, span+" is in the caller's trace", func() bool { return received.has(strings.Repeat("\xab", 16), span) })
	}
}
