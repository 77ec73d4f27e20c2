package smoke_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/smoke"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lines keeps what was said.
type lines []string

func (l *lines) say(format string, args ...any) { *l = append(*l, fmt.Sprintf(format, args...)) }

func TestRun(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	for range 2 { // What the first left behind does no harm.
		var said lines
		if err := smoke.Run(t.Context(), smoke.Options{Addr: p.URL(), Within: 5 * time.Second, Say: said.say}); err != nil {
			t.Fatalf("%v, after %q", err, said)
		}
		if len(said) != 11 || !strings.HasSuffix(said[10], "the session is dead") {
			t.Errorf("said %q, want 11 steps", said)
		}
	}
	p.Settle(t)
}

// TestRunNamesTheStep puts a gateway in front that keeps one thing from getting through.
func TestRunNamesTheStep(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	for lost, want := range map[string]string{
		"/.well-known/jwks.json": "the keys that sign tokens are published: GET /.well-known/jwks.json: 404 Not Found",
		"/v1/posts/":             "the post is read over REST: GET /v1/posts/",
		"GetHomeTimeline":        "the post is in the reader's home timeline: unimplemented",
	} {
		t.Run(lost, func(t *testing.T) {
			t.Parallel()
			url := gateway(t, p.URL(), func(w http.ResponseWriter, r *http.Request) bool {
				if strings.Contains(r.URL.Path, lost) {
					http.NotFound(w, r)
					return true
				}
				return false
			})
			err := smoke.Run(t.Context(), smoke.Options{Addr: url, Within: time.Second, Say: new(lines).say})
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

// TestRunMissesThePost looks at a Pulse whose consumers run nowhere.
func TestRunMissesThePost(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	var empty atomic.Bool
	url := gateway(t, p.URL(), func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "GetHomeTimeline") && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			empty.Store(true)
			w.Header().Set("Content-Type", "application/grpc+proto")
			w.Header().Set("Trailer", "Grpc-Status")
			_, _ = w.Write([]byte{0, 0, 0, 0, 0})
			w.Header().Set("Grpc-Status", "0")
			return true
		}
		return false
	})
	err := smoke.Run(t.Context(), smoke.Options{Addr: url, Within: 50 * time.Millisecond, Say: new(lines).say})
	if err == nil || !strings.Contains(err.Error(), "after 50ms post ") || !empty.Load() {
		t.Errorf("got %v, want that the post is missing", err)
	}
}

func TestRunFindsNobody(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	err := smoke.Run(t.Context(), smoke.Options{Addr: closed.URL, Within: time.Second, Say: new(lines).say})
	if want := "nothing listens at " + closed.URL; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// gateway passes calls on, HTTP/2 too, unless instead has answered them.
func gateway(t *testing.T, to string, instead func(http.ResponseWriter, *http.Request) bool) string {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	h2 := new(http.Protocols)
	h2.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: h2}
	proxy := &httputil.ReverseProxy{Transport: transport, FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !instead(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	server.Config.Protocols = protocols
	server.Start()
	t.Cleanup(func() {
		server.Close()
		transport.CloseIdleConnections()
	})
	return server.URL
}

// loadOptions are a small load.
func loadOptions(url string) smoke.LoadOptions {
	return smoke.LoadOptions{
		Options: smoke.Options{Addr: url, Within: 10 * time.Second, Say: new(lines).say},
		For:     time.Second, Rate: 40, Authors: 3, Patience: 10 * time.Second,
	}
}

// TestLoadLosesNothing cuts answers off: half of them before the call was made, half after. Streams break again and again.
func TestLoadLosesNothing(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	var calls atomic.Int64
	url := gateway(t, p.URL(), func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "Subscribe") {
			ctx, cancel := context.WithCancel(r.Context())
			context.AfterFunc(r.Context(), cancel)
			time.AfterFunc(300*time.Millisecond, cancel)
			*r = *r.WithContext(ctx)
		}
		if !strings.Contains(r.URL.Path, "CreatePost") {
			return false
		}
		switch calls.Add(1) % 6 {
		case 0: // The call is not made.
		case 3: // The call is made, but nobody hears of it.
			req, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, p.URL()+r.URL.Path, r.Body)
			if err != nil {
				t.Error(err)
			}
			req.Header = r.Header
			if answer, err := http.DefaultClient.Do(req); err == nil {
				_ = answer.Body.Close()
			}
		default:
			return false
		}
		w.WriteHeader(http.StatusBadGateway)
		return true
	})
	report, err := smoke.Load(t.Context(), loadOptions(url))
	http.DefaultClient.CloseIdleConnections()
	if err != nil || report.Err() != nil {
		t.Fatalf("%v, %v", err, report.Err())
	}
	if report.Posts != 40 || report.Acknowledged != 40 || report.FailedCalls() < 10 || report.Calls != 80+report.FailedCalls() {
		t.Errorf("got %+v, want 40 posts, 80 calls and those that were cut off", report)
	}
	if report.Streams < 2 {
		t.Errorf("got %+v, want streams that broke", report)
	}
	p.Settle(t)
}

// TestLoadFindsWhatIsLost acknowledges posts that are not written, and writes posts twice.
func TestLoadFindsWhatIsLost(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	tokens := &pulsetest.Tokens{}
	p.User(t, "stranger", pulse.WithTokenStore(tokens))
	stranger, err := tokens.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		instead func(http.ResponseWriter, *http.Request) bool
		want    string
	}{
		"twice": {func(_ http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, "CreatePost") {
				post(t, p.URL()+r.URL.Path, r)
			}
			return false
		}, "posts are there twice, such as"},
		"refused": {func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, "CreatePost") {
				w.WriteHeader(http.StatusForbidden)
				return true
			}
			return false
		}, "40 calls were refused or never answered, such as"},
		"lost": {func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, "CreatePost") {
				w.Header().Set("Content-Type", "application/proto")
				return true // An empty message: post 0.
			}
			return false
		}, "40 acknowledged posts are lost, such as"},
		"not told": {func(_ http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, "Subscribe") {
				r.Header.Set("Authorization", "Bearer "+stranger.GetAccessToken())
			}
			return false
		}, "40 acknowledged posts are lost, such as"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := smoke.Load(t.Context(), loadOptions(gateway(t, p.URL(), c.instead)))
			if err != nil || report.Err() == nil || !strings.Contains(report.Err().Error(), c.want) {
				t.Errorf("got %v, %v, want %s", err, report.Err(), c.want)
			}
		})
	}
}

// post makes a call besides, as if the idempotency key did nothing, and leaves the body to be read again.
func post(t *testing.T, to string, r *http.Request) {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	req, err := http.NewRequestWithContext(r.Context(), r.Method, to, bytes.NewReader(body))
	if err != nil {
		t.Error(err)
	}
	req.Header = r.Header.Clone()
	req.Header.Del("Idempotency-Key")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	_ = answer.Body.Close()
}
