package apitest_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestBodiesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := signUp(t, p, "ada")
	client, token := newHTTP1Client(t), "Bearer "+ada.tokens.GetAccessToken()
	const malformed, tooLarge = errorsv1.Reason_REASON_MALFORMED_BODY, errorsv1.Reason_REASON_BODY_TOO_LARGE
	for name, c := range map[string]struct {
		body string
		want errorsv1.Reason
	}{
		"unknown field":      {`{"text":"hello","visiblity":"private"}`, malformed},
		"broken JSON":        {`{"text":"hel`, malformed},
		"no JSON":            {`text=hello`, malformed},
		"nothing":            {` `, malformed},
		"a list":             {`[]`, malformed},
		"a field twice":      {`{"text":"a","text":"b"}`, malformed},
		"wrong type":         {`{"text":1}`, malformed},
		"id of words":        {`{"text":"a","replyToId":"x"}`, malformed},
		"id beyond 64 bits":  {`{"text":"a","replyToId":"9223372036854775808"}`, malformed},
		"invalid UTF-8":      {"{\"text\":\"\xff\"}", malformed},
		"deep JSON":          {`{"text":` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + `}`, malformed},
		"deep unknown field": {`{"x":` + strings.Repeat(`{"x":`, 50_000) + strings.Repeat("}", 50_000) + `}`, malformed},
		"more than a MiB":    {`{"text":"` + strings.Repeat("x", 1<<20) + `"}`, tooLarge},
		"10 MiB":             {`{"text":"` + strings.Repeat("x", 10<<20) + `"}`, tooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status := map[errorsv1.Reason]int{malformed: http.StatusBadRequest, tooLarge: http.StatusTooManyRequests}[c.want]
			for _, path := range []string{createPost, "/v1/posts", "/v1/posts/1/vote"} {
				answer := send(t, client, http.MethodPost, p.URL()+path, c.body, "Authorization", token)
				f := wantFailure(t, answer, c.want)
				if answer.status != status {
					t.Errorf("%s: HTTP %d, want %d", path, answer.status, status)
				}
				if c.want == tooLarge && f.info.GetMetadata()["limit_bytes"] != "1048576" {
					t.Errorf("%v, want the limit", f.info)
				}
			}
		})
	}
}

// U+0000 is a character that Postgres cannot keep, and SQLite can: whoever sends it is told so, or has it kept.
func TestTextsWithTheCharacterNUL(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := signUp(t, p, "ada")
	client, token := newHTTP1Client(t), "Bearer "+ada.tokens.GetAccessToken()
	for path, body := range map[string]string{
		createPost: `{"text":"a\u0000b"}`,
		"/pulse.user.v1.UserService/UpdateProfile": `{"profile":{"links":[{"url":"https://example.org","label":"a\u0000b"}]},"updateMask":"links"}`,
	} {
		if answer := send(t, client, http.MethodPost, p.URL()+path, body, "Authorization", token); answer.status != http.StatusOK {
			wantFailure(t, answer, errorsv1.Reason_REASON_MALFORMED_BODY)
		}
	}
}

// TestQueriesThatCannotBeRead makes GETs by the Connect protocol whose message is broken.
func TestQueriesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	client := newHTTP1Client(t)
	for name, query := range map[string]url.Values{
		"unknown field": {"encoding": {"json"}, "message": {`{"postid":"1"}`}},
		"broken JSON":   {"encoding": {"json"}, "message": {`{`}},
		"broken proto":  {"encoding": {"proto"}, "message": {"\x08"}},
		"broken base64": {"encoding": {"proto"}, "base64": {"1"}, "message": {"%"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			query.Set("connect", "v1")
			answer := send(t, client, http.MethodGet, p.URL()+getPost+"?"+query.Encode(), "")
			wantFailure(t, answer, errorsv1.Reason_REASON_MALFORMED_BODY)
		})
	}
}

// TestGzipBombs sends a small body that would unpack to many times the limit, over each way that takes compressed bodies. Soon
// after the limit it is broken: who unpacks further meets that, and says so instead of that it is too large.
func TestGzipBombs(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := signUp(t, p, "ada")
	bomb := append(gzipped(t, 3), "no gzip"...)
	envelope := append(binary.BigEndian.AppendUint32([]byte{1}, uint32(len(bomb))), bomb...)
	grpcTrailer := func(answer received) string {
		return answer.trailer.Get("Grpc-Status") + answer.header.Get("Grpc-Status")
	}
	restRefuses := func(a received) bool {
		return a.status == http.StatusTooManyRequests && bytes.Contains(a.body, []byte("BODY_TOO_LARGE"))
	}
	for name, c := range map[string]struct {
		url, contentType, encodingHeader string
		body                             []byte
		refused                          func(received) bool
	}{
		"Connect": {
			createPost, "application/json", "Content-Encoding", bomb,
			func(a received) bool {
				return a.status == http.StatusTooManyRequests && bytes.Contains(a.body, []byte("resource_exhausted"))
			},
		},
		"REST":                        {"/v1/posts", "application/json", "Content-Encoding", bomb, restRefuses},
		"REST with an id in the path": {"/v1/posts/1/vote", "application/json", "Content-Encoding", bomb, restRefuses},
		"gRPC": {
			createPost, "application/grpc", "Grpc-Encoding", envelope,
			func(a received) bool { return grpcTrailer(a) == "8" }, // RESOURCE_EXHAUSTED
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, note := tapped(t.Context())
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL()+c.url, bytes.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+ada.tokens.GetAccessToken())
			req.Header.Set("Content-Type", c.contentType)
			req.Header.Set(c.encodingHeader, "gzip")
			res, err := newHTTPClient(t).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if !c.refused(*note) {
				t.Errorf("HTTP %d %.300q %v, want it refused as too large", note.status, note.body, note.trailer)
			}
		})
	}
}

// gzipped compresses a post of so many mebibytes. It is made of gzip members, one compressed once for each mebibyte
// (RFC 1952, 2.2): to compress them all would take longer than the test.
func gzipped(t *testing.T, mebibytes int) []byte {
	t.Helper()
	bomb := slices.Concat(
		member(t, `{"text":"`),
		bytes.Repeat(member(t, strings.Repeat("a", 1<<20)), mebibytes),
		member(t, `"}`),
	)
	if len(bomb) > 1<<20 {
		t.Fatalf("the bomb has %d bytes and would be refused for them", len(bomb))
	}
	return bomb
}

func member(t *testing.T, text string) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}
