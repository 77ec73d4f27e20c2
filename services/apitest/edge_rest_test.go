package apitest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pulse-social/pulse/services/pulsetest"
)

// Errors that are made before a call reaches its RPC have the form of all others.
func TestErrorsBeforeTheRPCHaveReasons(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		reason             string
	}{
		"unknown query parameter": {http.MethodGet, "/v1/posts/1?nope=1", "", http.StatusBadRequest, "MALFORMED_BODY"},
		"id that is no number":    {http.MethodGet, "/v1/posts/x", "", http.StatusBadRequest, "MALFORMED_BODY"},
		"size that is no number":  {http.MethodGet, "/v1/users/1/timeline?page_size=x", "", http.StatusBadRequest, "MALFORMED_BODY"},
		"unknown path":            {http.MethodGet, "/v1/nope", "", http.StatusNotFound, "UNKNOWN_METHOD"},
		"wrong method":            {http.MethodPut, "/v1/posts/1", "{}", http.StatusMethodNotAllowed, "UNKNOWN_METHOD"},
		"unknown RPC":             {http.MethodPost, "/pulse.post.v1.PostService/Nope", "{}", http.StatusNotImplemented, "UNKNOWN_METHOD"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequestWithContext(t.Context(), c.method, p.URL()+c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			answer, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = answer.Body.Close() }()
			raw, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != c.status || answer.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s %s: %d %s, want %d and JSON", c.method, c.path, answer.StatusCode, answer.Header.Get("Content-Type"), c.status)
			}
			if !json.Valid(raw) || !strings.Contains(string(raw), `"`+c.reason+`"`) {
				t.Errorf("%s %s: %s, want the reason %s", c.method, c.path, raw, c.reason)
			}
		})
	}
}

// What programs compare is written the same by each build: JSON without white space, over Connect and over REST.
func TestJSONHasNoWhiteSpace(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := signUp(t, p, "ada")
	client := newHTTP1Client(t)
	for name, answer := range map[string]received{
		"Connect":    send(t, client, http.MethodPost, p.URL()+"/pulse.user.v1.UserService/GetUser", `{"handle":"ada"}`),
		"REST":       send(t, client, http.MethodGet, p.URL()+"/v1/handles/ada", ""),
		"a timeline": send(t, client, http.MethodGet, p.URL()+"/v1/users/"+idText(ada.id)+"/timeline", ""),
	} {
		var compact bytes.Buffer
		if err := json.Compact(&compact, answer.body); err != nil || compact.String() != string(answer.body) || answer.status != http.StatusOK {
			t.Errorf("%s: HTTP %d %s, %v, want JSON without white space", name, answer.status, answer.body, err)
		}
	}
}
