package topology_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/grpcreflect/v2"
	"google.golang.org/protobuf/reflect/protoreflect"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/internal/topology"
)

// origin is one whose browsers may call.
const origin = "https://app.example.org"

// A gateway is an HAProxy with the configuration that is shipped.
type gateway struct {
	url, ops string
	// log answers what it has logged.
	log func() string
}

// startGateway starts an HAProxy that asks names where the services are, all on one port. env adds to its environment.
func startGateway(t *testing.T, names *nameServer, port int, env map[string]string) *gateway {
	t.Helper()
	program, err := exec.LookPath("haproxy")
	if err != nil {
		t.Fatal("haproxy is missing: install it with apt-get install haproxy")
	}
	config, err := filepath.Abs("../../../deploy/haproxy/haproxy.cfg")
	must(t, err)
	api, apiFile := inherited(t)
	ops, opsFile := inherited(t)
	var out logged
	cmd := exec.CommandContext(t.Context(), program, "-db", "-f", config)
	cmd.ExtraFiles = []*os.File{apiFile, opsFile}
	cmd.Stdout, cmd.Stderr = &out, &out
	settings := map[string]string{
		"PULSE_GATEWAY_BIND": "fd@3", "PULSE_GATEWAY_OPS_BIND": "fd@4", "PULSE_GATEWAY_DNS": names.conn.LocalAddr().String(),
		"PULSE_GATEWAY_UPSTREAM_PORT": strconv.Itoa(port), "PULSE_GATEWAY_CORS_ORIGINS": origin + " https://other.example.org",
	}
	maps.Copy(settings, env)
	for name, value := range settings {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	must(t, cmd.Start())
	stopped := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(stopped)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-stopped
		if t.Failed() {
			const end = 4000
			t.Logf("end of the gateway's log:\n%s", out.String()[max(0, len(out.String())-end):])
		}
	})
	return &gateway{url: "http://" + api, ops: "http://" + ops, log: out.String}
}

// logged is what a process writes while it is read.
type logged struct {
	mu  sync.Mutex
	out bytes.Buffer
}

// Write adds to it.
func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}

// String answers all of it.
func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.String()
}

// inherited opens a port for a child, so that nobody else takes it meanwhile.
func inherited(t *testing.T) (address string, file *os.File) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	listener, ok := l.(*net.TCPListener)
	if !ok {
		t.Fatalf("a listener of TCP is a %T", l)
	}
	file, err = listener.File()
	must(t, err)
	must(t, l.Close())
	t.Cleanup(func() { _ = file.Close() })
	return l.Addr().String(), file
}

// waitUp waits until the gateway sends calls to so many replicas of each service, by HTTP/1.1 and by HTTP/2.
func (g *gateway) waitUp(t *testing.T, services, replicas int) {
	t.Helper()
	want := 2 * services * replicas
	testwait.Until(t, fmt.Sprintf("the gateway knows %d servers to be up", want), func() bool {
		up := 0
		for line := range strings.Lines(ask(t, http.MethodGet, g.ops+"/metrics", nil).body) {
			if strings.HasPrefix(line, "haproxy_server_status{") && strings.Contains(line, `state="UP"`) && strings.HasSuffix(line, " 1\n") {
				up++
			}
		}
		return up == want
	})
}

// gatewayOf starts a gateway in front of the shared topology.
func gatewayOf(t *testing.T) (*gateway, *topology.Topology) {
	t.Helper()
	s := split(t)
	names := serveNames(t)
	for _, service := range topology.Services() {
		names.set("pulse-"+service, places.ip(service, 0), places.ip(service, 1))
	}
	g := startGateway(t, names, places.port, map[string]string{"PULSE_GATEWAY_RATE": "1000000"}) // The load has one address.
	g.waitUp(t, len(topology.Services()), 2)
	if status := ask(t, http.MethodGet, g.ops+"/healthz", nil).status; status != http.StatusOK {
		t.Errorf("/healthz of the gateway: %d", status)
	}
	return g, s
}

// answer is an answer by HTTP.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request with headers, as alternating names and values.
func ask(t *testing.T, method, url string, body io.Reader, headers ...string) answer {
	t.Helper()
	a, err := try(t.Context(), connections, method, url, body, headers...)
	must(t, err)
	return a
}

func try(ctx context.Context, client *http.Client, method, url string, body io.Reader, headers ...string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return answer{}, err
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	got, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer got.Body.Close()
	raw, err := io.ReadAll(got.Body)
	return answer{status: got.StatusCode, header: got.Header, body: string(raw)}, err
}

// http2Client speaks HTTP/2 to http:// addresses, as gRPC needs.
func http2Client(t *testing.T) *http.Client {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestGateway(t *testing.T) {
	g, s := gatewayOf(t)
	ada := register(t, s, "gateway_ada")
	token := ada.signedIn(t).GetAccessToken()
	t.Run("protocols", func(t *testing.T) { g.servesEveryProtocol(t, ada) })
	t.Run("JSON and caching", func(t *testing.T) { g.servesJSONAndCaching(t, token) })
	t.Run("REST", func(t *testing.T) { g.servesREST(t, ada, token) })
	t.Run("reflection is a stream", func(t *testing.T) { g.keepsStreamsOpen(t) })
	t.Run("browsers", func(t *testing.T) { g.answersBrowsers(t) })
	t.Run("tokens", func(t *testing.T) { g.checksTokens(t, ada, token) })
	t.Run("bodies", func(t *testing.T) { g.refusesLargeBodies(t, token) })
	t.Run("files", func(t *testing.T) { g.passesFiles(t, s) })
	t.Run("unknown paths", func(t *testing.T) { g.knowsWhatThereIs(t) })
	t.Run("a replica is killed", func(t *testing.T) { g.losesNoReadWithAReplica(t, s, ada) })
	t.Run("a replica restarts", func(t *testing.T) { g.losesNoCallInARestart(t, s, ada) })
}

// servesEveryProtocol posts and reads by each protocol.
func (g *gateway) servesEveryProtocol(t *testing.T, ada *person) {
	h2 := http2Client(t)
	for name, transport := range map[string]connect.Transport{
		"Connect":           connecthttp.NewTransport(connections, g.url),
		"Connect by HTTP/2": connecthttp.NewTransport(h2, g.url),
		"gRPC":              connecthttp.NewTransport(h2, g.url, connecthttp.WithGRPC()),
		"gRPC-Web":          connecthttp.NewTransport(connections, g.url, connecthttp.WithGRPCWeb()),
	} {
		t.Run(name, func(t *testing.T) {
			c, err := pulse.NewClient(g.url, pulse.WithTransport(transport), pulse.WithTokenStore(ada.tokens), pulse.WithMaxAttempts(1))
			must(t, err)
			id := write(t, c, "by "+name)
			timeline, err := c.Timelines.GetUserTimeline(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: ada.id})
			must(t, err)
			if len(timeline.GetPosts()) == 0 || timeline.GetPosts()[0].GetId() != id {
				t.Errorf("the timeline is %v, want post %d first", timeline.GetPosts(), id)
			}
			_, err = c.Posts.GetPost(t.Context(), &postv1.GetPostRequest{PostId: id + 1})
			if pulse.ReasonOf(err) != errorsv1.Reason_REASON_POST_NOT_FOUND {
				t.Errorf("a post that there is not: %v", err)
			}
		})
	}
}

func (g *gateway) servesJSONAndCaching(t *testing.T, token string) {
	const procedure, request = "/pulse.user.v1.UserService/GetUser", `{"handle":"gateway_ada"}`
	posted := ask(t, http.MethodPost, g.url+procedure, strings.NewReader(request), "Content-Type", "application/json", "X-Request-Id", "mine")
	if posted.status != http.StatusOK || !strings.Contains(posted.body, `"gateway_ada"`) || posted.header.Get("X-Request-Id") != "mine" {
		t.Errorf("POST: %d %s, request id %q", posted.status, posted.body, posted.header.Get("X-Request-Id"))
	}
	get := g.url + procedure + "?connect=v1&encoding=json&message=" + url.QueryEscape(request)
	testwait.Until(t, "the answer is as before", func() bool { // Its counts may still grow.
		first := ask(t, http.MethodGet, get, nil, "Authorization", "Bearer "+token)
		etag := first.header.Get("ETag")
		if first.status != http.StatusOK || etag == "" || !strings.Contains(first.header.Get("Cache-Control"), "private") {
			t.Fatalf("GET: %d, headers %v", first.status, first.header)
		}
		return ask(t, http.MethodGet, get, nil, "Authorization", "Bearer "+token, "If-None-Match", etag).status == http.StatusNotModified
	})
}

func (g *gateway) servesREST(t *testing.T, ada *person, token string) {
	bearer := []string{"Authorization", "Bearer " + token, "Content-Type", "application/json"}
	created := ask(t, http.MethodPost, g.url+"/v1/posts", strings.NewReader(`{"text":"by REST"}`), bearer...)
	var body struct {
		Post struct{ ID string } `json:"post"`
	}
	must(t, json.Unmarshal([]byte(created.body), &body))
	for _, call := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/v1/posts/" + body.Post.ID, http.StatusOK},
		{http.MethodPut, "/v1/posts/" + body.Post.ID + "/like", http.StatusOK},
		{http.MethodGet, "/v1/handles/gateway_ada", http.StatusOK},
		{http.MethodGet, fmt.Sprintf("/v1/users/%d/timeline", ada.id), http.StatusOK},
		{http.MethodGet, fmt.Sprintf("/v1/users/%d/followers", ada.id), http.StatusOK},
		{http.MethodGet, fmt.Sprintf("/v1/users:batchGet?user_ids=%d", ada.id), http.StatusOK},
		{http.MethodGet, "/v1/account", http.StatusOK},
		{http.MethodGet, "/.well-known/jwks.json", http.StatusOK},
		{http.MethodGet, "/openapi.yaml", http.StatusOK},
		{http.MethodDelete, "/v1/posts/" + body.Post.ID, http.StatusOK},
		{http.MethodGet, "/v1/posts/" + body.Post.ID, http.StatusNotFound},
	} {
		if got := ask(t, call.method, g.url+call.path, nil, bearer...); got.status != call.status {
			t.Errorf("%s %s: %d %.200s, want %d", call.method, call.path, got.status, got.body, call.status)
		}
	}
}

// keepsStreamsOpen asks twice on one stream of gRPC, with a pause as long as the gateway's checks of its servers.
func (g *gateway) keepsStreamsOpen(t *testing.T) {
	transport := connecthttp.NewTransport(http2Client(t), g.url, connecthttp.WithGRPC())
	stream := grpcreflect.NewClient(connect.NewClient(transport)).NewStream(t.Context())
	t.Cleanup(func() { _ = stream.Close() })
	names, err := stream.ListServices()
	must(t, err)
	for _, service := range topology.Services() {
		schema := protoreflect.FullName(fmt.Sprintf("pulse.%s.v1.%s%sService", service, strings.ToUpper(service[:1]), service[1:]))
		if !slices.Contains(names, schema) {
			t.Errorf("%s is not among %v", schema, names)
		}
		if _, err := stream.FileContainingSymbol(schema); err != nil {
			t.Errorf("%s cannot be described: %v", schema, err)
		}
	}
}

func (g *gateway) answersBrowsers(t *testing.T) {
	const procedure = "/pulse.post.v1.PostService/CreatePost"
	preflight := ask(t, http.MethodOptions, g.url+procedure, nil, "Origin", origin,
		"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type")
	if preflight.header.Get("Access-Control-Allow-Origin") != origin || preflight.header.Get("Access-Control-Allow-Methods") == "" {
		t.Errorf("preflight: %d, headers %v", preflight.status, preflight.header)
	}
	for from, want := range map[string]string{origin: origin, "https://evil.example.org": ""} {
		refused := ask(t, http.MethodPost, g.url+procedure, strings.NewReader(`{}`), "Content-Type", "application/json", "Origin", from)
		if got := refused.header.Get("Access-Control-Allow-Origin"); refused.status != http.StatusUnauthorized || got != want {
			t.Errorf("from %s: %d, readable by %q, want 401 and %q", from, refused.status, got, want)
		}
	}
}

// checksTokens calls with tokens that cannot be valid, which the gateway refuses, and one whose signature is wrong, which
// only a service notices.
func (g *gateway) checksTokens(t *testing.T, ada *person, token string) {
	header, payload := decodeToken(t, token)
	with := func(claims map[string]any, name string, value any) map[string]any {
		changed := maps.Clone(claims)
		changed[name] = value
		return changed
	}
	parts := strings.Split(token, ".")
	for name, c := range map[string]struct {
		authorization string
		reason        string
		byService     bool
	}{
		"none":            {"", "SIGN_IN_REQUIRED", false},
		"no token":        {"Bearer dots.and", "ACCESS_TOKEN_INVALID", false},
		"other scheme":    {"Basic YWRhOmFkYQ==", "ACCESS_TOKEN_INVALID", false},
		"alg none":        {"Bearer " + encodeToken(t, with(header, "alg", "none"), payload, parts[2]), "ACCESS_TOKEN_INVALID", false},
		"another type":    {"Bearer " + encodeToken(t, with(header, "typ", "JWT"), payload, parts[2]), "ACCESS_TOKEN_INVALID", false},
		"another issuer":  {"Bearer " + encodeToken(t, header, with(payload, "iss", "other"), parts[2]), "ACCESS_TOKEN_INVALID", false},
		"for others":      {"Bearer " + encodeToken(t, header, with(payload, "aud", []string{"other"}), parts[2]), "ACCESS_TOKEN_INVALID", false},
		"expired":         {"Bearer " + encodeToken(t, header, with(payload, "exp", time.Now().Add(-time.Minute).Unix()), parts[2]), "ACCESS_TOKEN_INVALID", false},
		"very long":       {"Bearer " + parts[0] + "." + strings.Repeat("A", 9000) + "." + parts[2], "ACCESS_TOKEN_INVALID", false},
		"wrong signature": {"Bearer " + encodeToken(t, header, with(payload, "sub", "1"), parts[2]), "ACCESS_TOKEN_INVALID", true},
	} {
		t.Run(name, func(t *testing.T) {
			headers := []string{"Content-Type", "application/json"}
			if c.authorization != "" {
				headers = append(headers, "Authorization", c.authorization)
			}
			got := ask(t, http.MethodGet, g.url+"/v1/account", nil, headers...)
			if got.status != http.StatusUnauthorized || !strings.Contains(got.body, c.reason) {
				t.Errorf("%d %.300s, want 401 with %s", got.status, got.body, c.reason)
			}
			if byService := strings.Contains(got.body, "request_id"); byService != c.byService {
				t.Errorf("refused by a service: %t, want %t: %s", byService, c.byService, got.body)
			}
		})
	}
	// The same refusal as gRPC has it.
	h2 := http2Client(t)
	for name, transport := range map[string]connect.Transport{
		"Connect":  connecthttp.NewTransport(connections, g.url),
		"gRPC":     connecthttp.NewTransport(h2, g.url, connecthttp.WithGRPC()),
		"gRPC-Web": connecthttp.NewTransport(connections, g.url, connecthttp.WithGRPCWeb()),
	} {
		anonymous, err := pulse.NewClient(g.url, pulse.WithTransport(transport), pulse.WithMaxAttempts(1))
		must(t, err)
		_, err = anonymous.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "hello"})
		if connect.CodeOf(err) != connect.CodeUnauthenticated || pulse.ReasonOf(err) != errorsv1.Reason_REASON_SIGN_IN_REQUIRED {
			t.Errorf("%s without a token: %v, want REASON_SIGN_IN_REQUIRED", name, err)
		}
		_, err = anonymous.Users.GetUser(t.Context(), &userv1.GetUserRequest{User: &userv1.GetUserRequest_UserId{UserId: ada.id}})
		must(t, err)
	}
}

// decodeToken answers header and payload of a token.
func decodeToken(t *testing.T, token string) (header, payload map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	for i, part := range []*map[string]any{&header, &payload} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		must(t, err)
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber()
		must(t, decoder.Decode(part))
	}
	return header, payload
}

func encodeToken(t *testing.T, header, payload map[string]any, signature string) string {
	t.Helper()
	parts := make([]string, 0, 3)
	for _, part := range []map[string]any{header, payload} {
		raw, err := json.Marshal(part)
		must(t, err)
		parts = append(parts, base64.RawURLEncoding.EncodeToString(raw))
	}
	return strings.Join(append(parts, signature), ".")
}

func (g *gateway) refusesLargeBodies(t *testing.T, token string) {
	post := func(client *http.Client, body io.Reader) (answer, error) {
		return try(t.Context(), client, http.MethodPost, g.url+"/pulse.post.v1.PostService/CreatePost", body,
			"Authorization", "Bearer "+token, "Content-Type", "application/json", "Expect", "100-continue")
	}
	// Without the header Expect the connection may break before a client that is still sending reads the answer.
	asking := &http.Transport{ExpectContinueTimeout: time.Minute}
	t.Cleanup(asking.CloseIdleConnections)
	body := func(size int) io.Reader { return strings.NewReader(`{"text":"` + strings.Repeat("a", size) + `"}`) }
	got, err := post(&http.Client{Transport: asking}, body(3<<20))
	must(t, err)
	if got.status != http.StatusRequestEntityTooLarge || !strings.Contains(got.body, "resource_exhausted") {
		t.Errorf("3 MiB: %d %.200s, want 413", got.status, got.body)
	}
	// Over HTTP/2 the service refuses it, or hangs up while the rest is sent; and the connection remains of use.
	h2 := http2Client(t)
	for range 3 {
		if got, err := post(h2, body(3<<20)); err == nil && got.status != http.StatusTooManyRequests {
			t.Errorf("3 MiB by HTTP/2: %d %.200s, want what the service says", got.status, got.body)
		}
	}
	got, err = post(h2, body(100<<10))
	must(t, err)
	if got.status != http.StatusBadRequest {
		t.Errorf("100 KiB afterwards: %d %.200s, want what the service says of so long a text", got.status, got.body)
	}
}

func (g *gateway) knowsWhatThereIs(t *testing.T) {
	for _, path := range []string{"/", "/v1/nothing", "/pulse.nothing.v1.NothingService/Nothing", "/debug/pprof/", "/metrics", "/v1/posts/1/2/3"} {
		got := ask(t, http.MethodGet, g.url+path, nil)
		if got.status != http.StatusNotFound || !strings.Contains(got.body, "openapi.yaml") {
			t.Errorf("%s: %d %s, want 404 with where to look", path, got.status, got.body)
		}
	}
}

// TestGatewayTellsServicesWhoCalls puts a server in the place of the services that notes what arrives.
func TestGatewayTellsServicesWhoCalls(t *testing.T) {
	if _, ok := topology.ServersFromEnvironment(); !ok {
		t.Skip("needs HAProxy: run it under .tools/with-backends.sh")
	}
	var arrived atomic.Pointer[http.Request]
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	service := &http.Server{Protocols: protocols, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/grpc.health") {
			_, _ = io.WriteString(w, `{"status":"SERVING_STATUS_SERVING"}`)
			return
		}
		arrived.Store(r)
	})}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	go func() { _ = service.Serve(l) }()
	t.Cleanup(func() { _ = service.Close() })
	at, err := netip.ParseAddrPort(l.Addr().String())
	must(t, err)
	names := serveNames(t)
	for _, service := range topology.Services() {
		names.set("pulse-"+service, at.Addr())
	}
	const allowed = 30
	g := startGateway(t, names, int(at.Port()), map[string]string{"PULSE_GATEWAY_RATE": strconv.Itoa(allowed)})
	g.waitUp(t, len(topology.Services()), 1)

	ask(t, http.MethodGet, g.url+"/v1/handles/ada", nil, "X-Forwarded-For", "203.0.113.7", "X-Forwarded-Proto", "https",
		"X-Forwarded-Client-Cert", "By=spiffe://example.org/x", "Forwarded", "for=203.0.113.7", "X-Real-Ip", "203.0.113.7",
		"Traceparent", "00-"+strings.Repeat("ab", 16)+"-"+strings.Repeat("cd", 8)+"-01", "X-Request-Id", "with spaces in it")
	header := arrived.Load().Header
	for name, want := range map[string]string{
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Forwarded-Client-Cert": "", "Forwarded": "", "X-Real-Ip": "",
		"Traceparent": "00-" + strings.Repeat("ab", 16) + "-" + strings.Repeat("cd", 8) + "-01",
	} {
		if got := strings.Join(header.Values(name), ", "); got != want {
			t.Errorf("%s arrived as %q, want %q", name, got, want)
		}
	}
	if id := header.Get("X-Request-Id"); len(id) != len("00000000-0000-4000-8000-000000000000") {
		t.Errorf("request id %q, want one of the gateway's", id)
	}
	g.limitsRate(t, allowed)
}

// limitsRate calls more often than one address may.
func (g *gateway) limitsRate(t *testing.T, allowed int) {
	t.Helper()
	var refused answer
	for range allowed + 1 {
		refused = ask(t, http.MethodPost, g.url+"/pulse.user.v1.UserService/GetUser", strings.NewReader("{}"), "Content-Type", "application/json")
	}
	if refused.status != http.StatusTooManyRequests || refused.header.Get("Retry-After") == "" {
		t.Errorf("call %d: %d, Retry-After %q, want 429", allowed+1, refused.status, refused.header.Get("Retry-After"))
	}
	c, err := pulse.NewClient(g.url, pulse.WithTransport(connecthttp.NewTransport(http2Client(t), g.url, connecthttp.WithGRPC())), pulse.WithMaxAttempts(1))
	must(t, err)
	_, err = c.LogIn(t.Context(), &identityv1.LogInRequest{Login: "ada", Password: "whatever it is"})
	if connect.CodeOf(err) != connect.CodeResourceExhausted {
		t.Errorf("by gRPC: %v, want resource_exhausted", err)
	}
}
