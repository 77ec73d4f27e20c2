package rpc

import (
	"bytes"
	"net/http"
	"strings"

	"connectrpc.com/vanguard"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/anypb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
)

// newREST serves the paths of google.api.http over the RPCs. It is for /v1/ alone: elsewhere it would take a JSON POST
// for REST.
func newREST(services []string, calls http.Handler, newRequestID func() string) (http.Handler, error) {
	mounted := make([]*vanguard.Service, 0, len(services))
	for _, name := range services {
		mounted = append(mounted, vanguard.NewService("/"+name+"/", calls,
			vanguard.WithTargetProtocols(vanguard.ProtocolConnect),
			vanguard.WithMaxMessageBufferBytes(MaxRequestBytes)))
	}
	gzipped := vanguard.WithCompression("gzip", newGzipWriter, newBoundedGzip)
	transcoder, err := vanguard.NewTranscoder(mounted, gzipped, vanguard.WithCodec(func(types vanguard.TypeResolver) vanguard.Codec {
		json := vanguard.NewJSONCodec(types)
		json.UnmarshalOptions.DiscardUnknown = false
		return json
	}))
	if err != nil {
		return nil, err
	}
	return withReasons(transcoder, newRequestID), nil
}

// withReasons gives the errors that are made before a call reaches its RPC the form that all errors have. Those of RPCs
// are known by their request id.
func withReasons(next http.Handler, newRequestID func() string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		held := &heldError{ResponseWriter: w}
		next.ServeHTTP(held, r)
		if held.status == 0 {
			return
		}
		failure, status := held.failure(r)
		requestID := newRequestID()
		body, err := failure.restBody(requestID)
		if err != nil {
			status = http.StatusInternalServerError
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set(headerRequestID, requestID)
		w.Header().Del("Content-Length")
		w.WriteHeader(status)
		_, _ = w.Write(body)
	})
}

// heldError passes a response on, unless it is an error that no RPC has made: that it holds back.
type heldError struct {
	http.ResponseWriter

	status int
	body   bytes.Buffer
}

// WriteHeader implements [http.ResponseWriter].
func (h *heldError) WriteHeader(status int) {
	if status >= http.StatusBadRequest && h.Header().Get(headerRequestID) == "" {
		h.status = status
		return
	}
	h.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (h *heldError) Write(p []byte) (int, error) {
	if h.status != 0 {
		return h.body.Write(p)
	}
	return h.ResponseWriter.Write(p)
}

// FlushError is what [http.ResponseController] flushes by. An error that is held back must not go out as HTTP 200 before it is told.
func (h *heldError) FlushError() error {
	if h.status != 0 {
		return nil
	}
	return http.NewResponseController(h.ResponseWriter).Flush()
}

// Unwrap lets [http.ResponseController] reach the response.
func (h *heldError) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// message is what the transcoder says of the error: google.rpc.Status as JSON, or plain text.
func (h *heldError) message() string {
	var made spb.Status
	if err := protojson.Unmarshal(h.body.Bytes(), &made); err != nil {
		return strings.TrimSpace(h.body.String())
	}
	return made.GetMessage()
}

// failure answers what to tell instead of the error, and with which status.
func (h *heldError) failure(r *http.Request) (*Failure, int) {
	switch h.status {
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return Fail(errorsv1.Reason_REASON_UNKNOWN_METHOD, "there is nothing at %s %s: /openapi.yaml lists the paths", r.Method, r.URL.Path), h.status
	case http.StatusTooManyRequests: // Of RESOURCE_EXHAUSTED, the transcoder's only one.
		return bodyTooLarge(), h.status
	default:
		return Fail(errorsv1.Reason_REASON_MALFORMED_BODY, "the request cannot be read: %s", h.message()), http.StatusBadRequest
	}
}

// restBody is a failure as REST answers it: google.rpc.Status as JSON.
func (f *Failure) restBody(requestID string) ([]byte, error) {
	body := &spb.Status{Code: int32(f.Code()), Message: f.Message}
	for _, m := range f.details(requestID) {
		detail, err := anypb.New(m)
		if err != nil {
			return nil, err
		}
		body.Details = append(body.Details, detail)
	}
	return protojson.Marshal(body)
}
