package topology_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/internal/topology"
)

// A real Prometheus, with the configuration and the rules that are deployed, scrapes a split Pulse under a light load. Every
// query of every dashboard, every recording rule and every metric of the reference has something to tell.
func TestPrometheusHasWhatDashboardsAskFor(t *testing.T) {
	program := os.Getenv("PULSE_TEST_PROMETHEUS")
	if program == "" {
		t.Skip("needs a Prometheus: task test:observability runs it")
	}
	s := split(t)
	p := startPrometheus(t, program, s)
	stop := putUnderLoad(t, s)
	t.Cleanup(stop) // Before the processes of the topology stop.

	queries := dashboardQueries(t)
	if len(queries) < 40 {
		t.Errorf("the dashboards have only %d queries", len(queries))
	}
	maps.Copy(queries, p.recordingRules(t))
	for _, name := range referencedMetrics(t) {
		queries["deploy/README.md: "+name] = fmt.Sprintf(`{__name__=~"%s(_bucket)?"}`, name)
	}
	empty, began := queries, time.Now()
	deadline := time.Now().Add(45 * time.Second)
	for len(empty) > 0 && time.Now().Before(deadline) {
		still := map[string]string{}
		for where, expr := range empty {
			if !p.answers(t, expr) {
				still[where] = expr
			}
		}
		empty = still
		time.Sleep(200 * time.Millisecond) // Prometheus has to scrape before there is more.
	}
	for where, expr := range empty {
		t.Errorf("%s has nothing to tell: %s", where, expr)
	}
	t.Logf("%d of %d queries have data after %s", len(queries)-len(empty), len(queries), time.Since(began).Round(time.Second))
	p.checkRules(t)
	p.checkNames(t, referencedMetrics(t))
	testwait.Until(t, "an exemplar on the latency of calls leads to a trace that was received", func() bool {
		return slices.ContainsFunc(p.exemplars(t, "rpc_server_call_duration_seconds_bucket"), func(trace string) bool {
			_, ok := received.find(func(s span) bool { return s.trace == trace })
			return ok
		})
	})
}

// server is a Prometheus.
type server struct{ url string }

// startPrometheus starts a Prometheus that finds the processes by the names they have in Compose.
func startPrometheus(t *testing.T, program string, s *topology.Topology) *server {
	t.Helper()
	address, err := vacant()
	must(t, err)
	raw, err := os.ReadFile(filepath.Join(deploy, "prometheus", "prometheus.yml"))
	must(t, err)
	rules, err := filepath.Abs(filepath.Join(deploy, "prometheus", "rules"))
	must(t, err)
	var targets strings.Builder
	targets.WriteString("    static_configs:\n")
	for _, process := range s.Processes {
		fmt.Fprintf(&targets, "      - targets: [%q]\n        labels: {__meta_dns_name: pulse-%s}\n", strings.TrimPrefix(process.OpsURL(), "http://"), process.Service)
	}
	targets.WriteString("    relabel_configs:")
	config := regexp.MustCompile(`(?s)    dns_sd_configs:.*?    relabel_configs:`).ReplaceAllString(string(raw), targets.String())
	config = strings.NewReplacer("interval: 15s", "interval: 1s", "rules/*.yaml", rules+"/*.yaml", "localhost:9090", address).Replace(config)
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	must(t, os.WriteFile(file, []byte(config), 0o600))
	log, err := os.Create(filepath.Join(dir, "prometheus.log"))
	must(t, err)
	command := exec.Command(program, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--enable-feature=exemplar-storage", "--log.level=warn")
	command.Stdout, command.Stderr = log, log
	must(t, command.Start())
	t.Cleanup(func() {
		must(t, command.Process.Kill()) // It keeps nothing that is looked at again.
		_ = command.Wait()
		_ = log.Close()
	})
	p := &server{"http://" + address}
	testwait.Until(t, "Prometheus is ready", func() bool {
		answer, err := http.Get(p.url + "/-/ready")
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	return p
}

// putUnderLoad has two people use every service until it is told to stop.
func putUnderLoad(t *testing.T, s *topology.Topology) (stop func()) {
	t.Helper()
	ada, bob := register(t, s, "load_ada"), register(t, s, "load_bob")
	_, err := bob.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: ada.id})
	must(t, err)
	anybody := at(t, s.URL())
	photographer, picture := ada.on(t, s.Running("media")[0]), grain(t, 64) // The proxy passes calls on, and no files.
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		var listening sync.WaitGroup
		defer listening.Wait()
		listening.Go(func() { listenOn(ctx, s, bob) })
		listening.Go(func() { // By itself: a rate wants two samples within ten seconds, whatever else takes long.
			for ctx.Err() == nil {
				askEveryService(ctx, s)
				time.Sleep(50 * time.Millisecond)
			}
		})
		for ctx.Err() == nil {
			// What it answers is not looked at here: some of it fails, for those series are wanted as well.
			if post, err := ada.Posts.CreatePost(ctx, &postv1.CreatePostRequest{Text: "hello"}); err == nil {
				_, _ = bob.Posts.LikePost(ctx, &postv1.LikePostRequest{PostId: post.GetPost().GetId()})
			}
			_, _ = bob.Timelines.GetHomeTimeline(ctx, &timelinev1.GetHomeTimelineRequest{})
			_, _ = bob.Users.GetUser(ctx, &userv1.GetUserRequest{User: &userv1.GetUserRequest_Handle{Handle: "load_ada"}})
			_, _ = bob.Graph.Follow(ctx, &graphv1.FollowRequest{UserId: ada.id})
			_, _ = ada.Identity.ListSessions(ctx, &identityv1.ListSessionsRequest{})
			_, _ = anybody.Timelines.GetHomeTimeline(ctx, &timelinev1.GetHomeTimelineRequest{})
			_, _ = photographer.UploadPicture(ctx, pulse.Picture{Content: picture})
			time.Sleep(50 * time.Millisecond) // A light load: it shares the machine with what it is put on.
		}
	}()
	return func() { cancel(); <-done }
}

// askEveryService calls the first RPC with one answer of each service of the schema, with nothing in it and by nobody: what is refused
// is measured as well.
func askEveryService(ctx context.Context, s *topology.Topology) {
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			if !strings.HasPrefix(string(service.FullName()), "pulse.") {
				continue
			}
			for j := range service.Methods().Len() {
				if method := service.Methods().Get(j); !method.IsStreamingServer() {
					url := fmt.Sprintf("%s/%s/%s", s.URL(), service.FullName(), method.Name())
					_, _ = try(ctx, connections, http.MethodPost, url, strings.NewReader("{}"), "Content-Type", "application/json")
					break
				}
			}
		}
		return true
	})
}

// listenOn has somebody open one stream after another, each until a post comes: so there are open ones, items and ends to measure.
func listenOn(ctx context.Context, s *topology.Topology, who *person) {
	transport := connecthttp.NewTransport(connections, s.URL())
	for ctx.Err() == nil {
		stream, err := subscribe(ctx, transport, who, "")
		if err != nil {
			continue
		}
		for {
			if item, err := stream.Receive(); err != nil || item.GetTimelinePost() != nil {
				break
			}
		}
		_ = stream.Close()
	}
}

// ask asks Prometheus' API (https://prometheus.io/docs/prometheus/latest/querying/api/).
func (p *server) ask(t *testing.T, path string, parameters url.Values, into any) {
	t.Helper()
	answer, err := http.Get(p.url + path + "?" + parameters.Encode())
	must(t, err)
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	must(t, err)
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s %v: %s: %s", path, parameters, answer.Status, raw)
	}
	must(t, json.Unmarshal(raw, &struct{ Data any }{into}))
}

// answers tells whether a query has a result.
func (p *server) answers(t *testing.T, expr string) bool {
	t.Helper()
	var answer struct{ Result []any }
	p.ask(t, "/api/v1/query", url.Values{"query": {expr}}, &answer)
	return len(answer.Result) > 0
}

// ruleGroups are the rules as Prometheus runs them.
type ruleGroups struct {
	Groups []struct {
		Rules []struct {
			Type, Name, Health, LastError string
			Labels                        map[string]string
		}
	}
}

func (p *server) rules(t *testing.T) (groups ruleGroups) {
	t.Helper()
	p.ask(t, "/api/v1/rules", nil, &groups)
	return groups
}

// recordingRules answers a query for what each recording rule records.
func (p *server) recordingRules(t *testing.T) map[string]string {
	t.Helper()
	recorded := map[string]string{}
	for _, group := range p.rules(t).Groups {
		for _, rule := range group.Rules {
			if rule.Type != "recording" {
				continue
			}
			expr := rule.Name
			for label, value := range rule.Labels {
				expr = fmt.Sprintf("%s{%s=%q}", rule.Name, label, value)
			}
			recorded["rule "+expr] = expr
		}
	}
	if len(recorded) < 20 {
		t.Errorf("Prometheus has only %d recording rules", len(recorded))
	}
	return recorded
}

// checkRules fails the test when a rule cannot be evaluated.
func (p *server) checkRules(t *testing.T) {
	t.Helper()
	for _, group := range p.rules(t).Groups {
		for _, rule := range group.Rules {
			if rule.Health != "ok" {
				t.Errorf("rule %s is %s: %s", rule.Name, rule.Health, rule.LastError)
			}
		}
	}
}

// checkNames fails the test when Pulse tells a metric of its own that the reference does not list.
func (p *server) checkNames(t *testing.T, listed []string) {
	t.Helper()
	var names []string
	p.ask(t, "/api/v1/label/__name__/values", nil, &names)
	for _, name := range names {
		own := regexp.MustCompile(`^(pulse|rpc|messaging|db)_[a-z_]+$`).MatchString(name) // Rules have colons.
		base := regexp.MustCompile(`_(bucket|count|sum)$`).ReplaceAllString(name, "")
		if own && !slices.Contains(listed, name) && !slices.Contains(listed, base) {
			t.Errorf("deploy/README.md does not list %s", name)
		}
	}
}

// exemplars answers the traces that exemplars of a series lead to.
func (p *server) exemplars(t *testing.T, series string) []string {
	t.Helper()
	now := time.Now()
	var answer []struct {
		Exemplars []struct{ Labels map[string]string }
	}
	p.ask(t, "/api/v1/query_exemplars", url.Values{
		"query": {series}, "start": {now.Add(-time.Hour).Format(time.RFC3339)}, "end": {now.Format(time.RFC3339)},
	}, &answer)
	var traces []string
	for _, s := range answer {
		for _, e := range s.Exemplars {
			traces = append(traces, e.Labels["trace_id"])
		}
	}
	return traces
}

// dashboardQueries answers every query of every dashboard, by where it stands.
func dashboardQueries(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(deploy, "grafana", "dashboards", "*.json"))
	must(t, err)
	queries := map[string]string{}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		must(t, err)
		var board struct {
			Panels []struct {
				Title   string
				Targets []struct{ Expr, RefID string }
			}
		}
		must(t, json.Unmarshal(raw, &board))
		for n, panel := range board.Panels {
			for _, target := range panel.Targets {
				where := fmt.Sprintf("%s, panel %d (%s), query %s", filepath.Base(name), n+1, panel.Title, target.RefID)
				queries[where] = strings.ReplaceAll(target.Expr, "$__rate_interval", "10s")
			}
		}
	}
	return queries
}

// referencedMetrics are those that deploy/README.md lists.
func referencedMetrics(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(deploy, "README.md"))
	must(t, err)
	var names []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (counter|gauge|histogram) \\|").FindAllStringSubmatch(string(raw), -1) {
		names = append(names, row[1])
	}
	return names
}
