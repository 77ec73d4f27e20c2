package topology_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/internal/topology"
)

// traced answers the headers of a call that a caller has begun a trace for.
func traced(trace string) string { return "00-" + trace + "-" + strings.Repeat("cd", 8) + "-01" }

// postIn creates a post within a trace of its caller.
func postIn(t *testing.T, p *person, trace, requestID string, post *postv1.CreatePostRequest) {
	t.Helper()
	ctx, call := connect.NewClientContext(t.Context())
	call.RequestHeader().Set("Traceparent", traced(trace))
	call.RequestHeader().Set("X-Request-Id", requestID)
	_, err := p.Posts.CreatePost(ctx, post)
	must(t, err)
}

func TestOneTraceCrossesFromTheCallerToTheServiceThatIsCalled(t *testing.T) {
	s := split(t)
	ada := register(t, s, "traced_ada")
	write(t, ada.Client, "hello")
	ctx, call := connect.NewClientContext(t.Context())
	trace := strings.Repeat("ab", 16)
	call.RequestHeader().Set("Traceparent", traced(trace))
	_, err := ada.Timelines.GetHomeTimeline(ctx, &timelinev1.GetHomeTimelineRequest{})
	must(t, err)
	for service, name := range map[string]string{
		"pulse-timeline": "pulse.timeline.v1.TimelineService/GetHomeTimeline", "pulse-post": "pulse.post.v1.PostService/BatchGetPosts",
	} {
		awaitSpan(t, "in the caller's trace: "+name, func(s span) bool {
			return s.trace == trace && s.service == service && s.name == name
		})
	}
}

// One trace of a post holds all that happens to it: from the caller through the API, SQL and Redis, the outbox and its
// relay to each consumer of the event, and what these do.
func TestOneTraceOfAPostReachesEveryConsumer(t *testing.T) {
	s := split(t)
	ada, bob := register(t, s, "post_ada"), register(t, s, "post_bob")
	_, err := bob.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: ada.id})
	must(t, err)
	testwait.Until(t, "bob has a list that posts are added to", func() bool {
		_, err := bob.Timelines.GetHomeTimeline(t.Context(), &timelinev1.GetHomeTimelineRequest{})
		must(t, err)
		return backlogIsEmpty(t, s)
	})
	trace, requestID := strings.Repeat("1c", 16), "the-request-of-the-trace"
	earlier := write(t, ada.Client, "hello")
	// It has an effect for every consumer.
	postIn(t, ada, trace, requestID, &postv1.CreatePostRequest{Text: "hello @post_bob #traced", QuoteOfId: earlier})

	server := awaitSpan(t, "the call", func(s span) bool { return s.trace == trace && s.name == "pulse.post.v1.PostService/CreatePost" })
	if server.parent != strings.Repeat("cd", 8) || server.kind != tracev1.Span_SPAN_KIND_SERVER || server.service != "pulse-post" {
		t.Errorf("the call is %+v, want a server's span of pulse-post below the caller's", server)
	}
	awaitSpan(t, "the statement that writes the outbox", func(s span) bool {
		return s.trace == trace && s.system == "postgresql" && strings.Contains(s.query, `"outbox_events"`) && strings.HasPrefix(s.query, "INSERT")
	})
	awaitSpan(t, "the author's stamp in Redis", func(s span) bool {
		return s.trace == trace && s.service == "pulse-post" && strings.HasPrefix(s.name, "redis ")
	})
	publish := awaitSpan(t, "the publication by a relay", func(s span) bool {
		return s.trace == trace && s.name == "publish pulse.bus.v1.PostCreated" && s.kind == tracev1.Span_SPAN_KIND_PRODUCER
	})
	for _, consumer := range consumersOf(t, "pulse.bus.v1.PostCreated") {
		consume := awaitSpan(t, "the consumer "+consumer, func(s span) bool {
			return s.name == "consume "+consumer && s.kind == tracev1.Span_SPAN_KIND_CONSUMER && s.follows(publish)
		})
		awaitSpan(t, "the inbox of "+consumer, func(s span) bool {
			return s.trace == consume.trace && s.service == consume.service && s.system == "postgresql" && strings.Contains(s.query, "inbox")
		})
		if consumer == "timeline.fanout" {
			awaitSpan(t, "the post's way into the list in Redis", func(s span) bool { return s.trace == consume.trace && s.name == "redis LPUSHX" })
		}
	}
	testwait.Until(t, "the log names the request and its trace", func() bool {
		return slices.ContainsFunc(s.Running("post"), func(p *topology.Process) bool {
			return hasLine(t, p.LogFile(), map[string]string{
				"procedure": "/pulse.post.v1.PostService/CreatePost", "trace_id": trace, "request_id": requestID,
			})
		})
	})
}

// A batch of events belongs to many traces and is in none of them: it links to the publication of each.
func TestABatchOfEventsLinksToTheTraceOfEach(t *testing.T) {
	s := split(t)
	ada := register(t, s, "batch_ada")
	var posts sync.WaitGroup
	for n := range 24 {
		posts.Go(func() {
			postIn(t, ada, fmt.Sprintf("%032x", 0xba7c<<16+n), fmt.Sprintf("batch-%d", n), &postv1.CreatePostRequest{Text: "hello"})
		})
	}
	posts.Wait()
	batch := awaitSpan(t, "a batch with links to two of the posts", func(s span) bool {
		return s.name == "consume post.counts" && len(s.links) > 1 && strings.Contains(s.links[0], "ba7c")
	})
	for _, link := range batch.links {
		awaitSpan(t, "the publication that a link leads to", func(s span) bool {
			return s.trace+s.id == link && strings.HasPrefix(s.name, "publish ") && s.kind == tracev1.Span_SPAN_KIND_PRODUCER
		})
		if strings.HasPrefix(link, batch.trace) {
			t.Errorf("the batch %+v links into its own trace", batch)
		}
	}
}

// backlogIsEmpty tells whether no event waits.
func backlogIsEmpty(t *testing.T, s *topology.Topology) bool {
	t.Helper()
	metrics, err := s.Running("timeline")[0].Metrics(t.Context())
	must(t, err)
	lines := strings.Split(string(metrics), "\n")
	return slices.Contains(lines, "pulse_outbox_pending_events 0") && !slices.ContainsFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, "pulse_consumer_") && !strings.HasSuffix(line, " 0")
	})
}

// consumersOf answers the consumers of an event, as what is deployed is derived from them.
func consumersOf(t *testing.T, event string) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(deploy, "layout.json"))
	must(t, err)
	var layout struct {
		Services []struct {
			Consumers []struct {
				Name   string
				Events []string
			}
		}
	}
	must(t, json.Unmarshal(raw, &layout))
	var names []string
	for _, service := range layout.Services {
		for _, c := range service.Consumers {
			if slices.Contains(c.Events, event) {
				names = append(names, c.Name)
			}
		}
	}
	if len(names) < 2 {
		t.Fatalf("only %q consume %s", names, event)
	}
	return names
}

// hasLine tells whether a log of JSON lines has one with these values.
func hasLine(t *testing.T, file string, want map[string]string) bool {
	t.Helper()
	raw, err := os.ReadFile(file)
	must(t, err)
	for line := range bytes.Lines(raw) {
		var values map[string]any
		if json.Unmarshal(line, &values) != nil {
			continue // What a process prints when it is killed.
		}
		found := true
		for name, value := range want {
			found = found && values[name] == value
		}
		if found {
			return true
		}
	}
	return false
}

// awaitSpan waits for a span, and answers it.
func awaitSpan(t *testing.T, what string, is func(span) bool) span {
	t.Helper()
	var found span
	testwait.Until(t, what, func() (ok bool) {
		found, ok = received.find(is)
		return ok
	})
	return found
}

func hexOf(id []byte) string { return hex.EncodeToString(id) }
