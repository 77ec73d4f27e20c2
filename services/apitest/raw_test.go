package apitest_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/rpc"
)

// newHTTP1Client answers a client as curl is one.
func newHTTP1Client(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// send makes an HTTP request and answers what came back; a body is JSON unless the headers say otherwise. Headers are
// pairs of name and value; a name may come twice.
func send(t *testing.T, client *http.Client, verb, url, body string, headers ...string) received {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), verb, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	given := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		given.Add(headers[i], headers[i+1])
	}
	maps.Copy(req.Header, given)
	res, err := client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", verb, url, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", verb, url, err)
	}
	return received{status: res.StatusCode, header: res.Header, body: answer}
}

// A failure is an error as JSON carries it, over Connect or over REST.
type failure struct {
	code string
	info *errdetails.ErrorInfo
	// retry is nil when the error does not say when to try again.
	retry *errdetails.RetryInfo
}

// failureOf reads an error out of an HTTP answer.
func failureOf(t *testing.T, answer received) failure {
	t.Helper()
	var body struct {
		Code    any
		Details []json.RawMessage
	}
	if err := json.Unmarshal(answer.body, &body); err != nil {
		t.Fatalf("HTTP %d with %q is no error in JSON: %v", answer.status, answer.body, err)
	}
	f := failure{info: &errdetails.ErrorInfo{}}
	f.code, _ = body.Code.(string)
	for _, raw := range body.Details {
		f.read(t, raw)
	}
	return f
}

// read takes over a detail: Connect's {type, value in base64}, or REST's google.protobuf.Any in JSON.
func (f *failure) read(t *testing.T, raw json.RawMessage) {
	t.Helper()
	var packed struct {
		Type  string
		Value string
		URL   string `json:"@type"`
	}
	if err := json.Unmarshal(raw, &packed); err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(packed.Type+packed.URL, "type.googleapis.com/")
	var detail proto.Message
	switch name {
	case "google.rpc.ErrorInfo":
		detail = f.info
	case "google.rpc.RetryInfo":
		f.retry = &errdetails.RetryInfo{}
		detail = f.retry
	default:
		return
	}
	var err error
	if packed.URL != "" {
		err = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(raw, detail)
	} else {
		var value []byte
		value, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(packed.Value, "="))
		if err == nil {
			err = proto.Unmarshal(value, detail)
		}
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// wantFailure fails unless an answer is the error of a reason, complete with its code, its domain and the request's id.
func wantFailure(t *testing.T, answer received, reason errorsv1.Reason) failure {
	t.Helper()
	f := failureOf(t, answer)
	if want := strings.TrimPrefix(reason.String(), "REASON_"); f.info.GetReason() != want {
		t.Errorf("HTTP %d %s, want %s", answer.status, answer.body, want)
	}
	if want := rpc.Fail(reason, "").Code().String(); f.code != "" && f.code != want {
		t.Errorf("code %s, want %s", f.code, want)
	}
	if id := answer.header.Get("X-Request-Id"); f.info.GetDomain() != "pulse" || id == "" || f.info.GetMetadata()["request_id"] != id {
		t.Errorf("ErrorInfo is %v, want domain pulse and request id %q", f.info, id)
	}
	return f
}
