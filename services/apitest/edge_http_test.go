package apitest_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// connectGET is the URL of a call by GET with a message in JSON.
func connectGET(p *pulsetest.Pulse, procedure, message string) string {
	return p.URL() + procedure + "?" + url.Values{"connect": {"v1"}, "encoding": {"json"}, "message": {message}}.Encode()
}

func TestConditionalGET(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := signUp(t, p, "ada")
	post, client := ada.post(t, "hello", 0), newHTTP1Client(t)
	p.Settle(t) // Counts and caches are what they will be.
	for name, target := range map[string]string{
		"Connect": connectGET(p, getPost, `{"postId":"`+idText(post)+`"}`),
		"REST":    p.URL() + "/v1/posts/" + idText(post),
	} {
		t.Run(name, func(t *testing.T) {
			first := send(t, client, http.MethodGet, target, "")
			etag := first.header.Get("ETag")
			if first.status != http.StatusOK || etag == "" || strings.Contains(first.header.Get("Cache-Control"), "private") {
				t.Fatalf("anonymous: HTTP %d %v", first.status, first.header)
			}
			for condition, want := range map[string]int{
				etag: http.StatusNotModified, "W/" + etag: http.StatusNotModified, `"x", ` + etag: http.StatusNotModified, `"x"`: http.StatusOK,
			} {
				again := send(t, client, http.MethodGet, target, "", "If-None-Match", condition)
				if again.status != want || (want == http.StatusNotModified) != (len(again.body) == 0) || again.header.Get("ETag") != etag {
					t.Errorf("If-None-Match %s: HTTP %d %v, want %d", condition, again.status, again.header, want)
				}
			}
			own := send(t, client, http.MethodGet, target, "", "Authorization", "Bearer "+ada.tokens.GetAccessToken())
			if !strings.Contains(own.header.Get("Cache-Control"), "private") || own.header.Get("ETag") == etag {
				t.Errorf("signed in: %v, want private and an ETag of its own", own.header)
			}
			if !slices.Contains(own.header.Values("Vary"), "Authorization") {
				t.Errorf("signed in: Vary %q, want Authorization", own.header.Values("Vary"))
			}
			ended := send(t, client, http.MethodGet, target, "", "Authorization", "Bearer x", "If-None-Match", etag)
			if ended.status != http.StatusUnauthorized {
				t.Errorf("a bad token with a good ETag: HTTP %d, want 401", ended.status)
			}
		})
	}
}

// TestGETLeavesNothing reads all there is by GET and looks whether anything was to be told because of it.
func TestGETLeavesNothing(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := signUp(t, p, "ada")
	post, client := ada.post(t, "hello", 0), newHTTP1Client(t)
	p.Settle(t)
	db := openDatabase(t, p)
	newest := func() (id int64) {
		for _, table := range []string{"outbox_events", "idempotency_records"} {
			var last int64
			if err := db.QueryRowContext(t.Context(), "SELECT COALESCE(MAX(id), 0) FROM "+table).Scan(&last); err != nil {
				t.Fatal(err)
			}
			id = max(id, last)
		}
		return id
	}
	before := newest()
	for _, path := range []string{
		"/v1/posts/" + idText(post), "/v1/posts/" + idText(post) + "/thread", "/v1/posts:batchGet?post_ids=" + idText(post), "/v1/account",
		"/v1/sessions", "/v1/users/" + idText(ada.id), "/v1/handles/ada", "/v1/users:batchGet?user_ids=" + idText(ada.id),
		"/v1/users/" + idText(ada.id) + "/followers", "/v1/users/" + idText(ada.id) + "/following", "/v1/relationships?user_ids=" + idText(ada.id),
		"/v1/users/" + idText(ada.id) + "/timeline", "/v1/timelines/home",
	} {
		answer := send(t, client, http.MethodGet, p.URL()+path, "",
			"Authorization", "Bearer "+ada.tokens.GetAccessToken(), "Idempotency-Key", "a key that is of no use to a GET")
		if answer.status != http.StatusOK {
			t.Errorf("GET %s: HTTP %d %s", path, answer.status, answer.body)
		}
	}
	if after := newest(); before == 0 || after != before {
		t.Errorf("the newest row was %d and is %d", before, after)
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	const allowed = "https://app.example.org"
	closed := pulsetest.Start(t)
	open := pulsetest.Start(t, pulsetest.WithEnv("PULSE_CORS_ORIGINS", allowed))
	client := newHTTP1Client(t)
	preflight := []string{"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type"}
	for _, c := range []struct {
		name   string
		pulse  *pulsetest.Pulse
		origin string
		want   string
	}{
		{"by default", closed, allowed, ""},
		{"the origin", open, allowed, allowed},
		{"another origin", open, "https://evil.example.org", ""},
		{"a longer origin", open, allowed + ".evil.org", ""},
		{"another scheme", open, "http://app.example.org", ""},
		{"no origin", open, "null", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			answers := map[string]received{
				"POST":      send(t, client, http.MethodPost, c.pulse.URL()+getPost, `{"postId":"7"}`, "Origin", c.origin),
				"GET":       send(t, client, http.MethodGet, connectGET(c.pulse, getPost, `{"postId":"7"}`), "", "Origin", c.origin),
				"REST":      send(t, client, http.MethodGet, c.pulse.URL()+"/v1/posts/7", "", "Origin", c.origin),
				"preflight": send(t, client, http.MethodOptions, c.pulse.URL()+getPost, "", append(preflight, "Origin", c.origin)...),
			}
			for name, answer := range answers {
				if got := answer.header.Get("Access-Control-Allow-Origin"); got != c.want {
					t.Errorf("%s: allowed is %q, want %q", name, got, c.want)
				}
				if answer.header.Get("Access-Control-Allow-Credentials") != "" {
					t.Errorf("%s: credentials are allowed, and there are no cookies", name)
				}
				if vary := strings.Join(answer.header.Values("Vary"), ", "); c.pulse == open && !strings.Contains(vary, "Origin") {
					t.Errorf("%s: Vary is %q, want Origin", name, vary)
				}
			}
		})
	}
}

func TestHeadersOfAnswers(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	client := newHTTP1Client(t)
	for _, path := range []string{"/", "/v1/posts/7", "/v1/nothing", "/openapi.yaml", "/.well-known/jwks.json", getPost} {
		if answer := send(t, client, http.MethodGet, p.URL()+path, ""); answer.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("GET %s: %v, want nosniff", path, answer.header)
		}
	}
	for id, kept := range map[string]bool{
		"plain-1.2_3": true, strings.Repeat("x", 64): true, strings.Repeat("x", 100): false, "with spaces": false, "ünicode": false,
	} {
		answer := send(t, client, http.MethodPost, p.URL()+getPost, `{"postId":"7"}`, "X-Request-Id", id)
		if got := answer.header.Get("X-Request-Id"); got == "" || (got == id) != kept {
			t.Errorf("X-Request-Id %q: answered %q; kept is to be %t", id, got, kept)
		}
		wantFailure(t, answer, errorsv1.Reason_REASON_POST_NOT_FOUND)
	}
}
