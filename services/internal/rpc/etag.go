package rpc

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"strings"
)

// cacheable answers GET with an ETag, and with 304 when the caller has that already (RFC 9110, 13.1.2). Answers are for
// the caller alone when there is a token, and must be asked for again in any case.
func cacheable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			next.ServeHTTP(w, r)
			return
		}
		held := &heldResponse{header: http.Header{}, status: http.StatusOK}
		next.ServeHTTP(held, r)
		// The Vary: Origin of CORS stays.
		held.header["Vary"] = append(w.Header()["Vary"], held.header["Vary"]...)
		maps.Copy(w.Header(), held.header)
		w.Header().Add("Vary", "Authorization")
		w.Header().Set("Cache-Control", "no-cache")
		if r.Header.Get("Authorization") != "" {
			w.Header().Set("Cache-Control", "private, no-cache")
		}
		if held.status != http.StatusOK {
			w.WriteHeader(held.status)
			_, _ = w.Write(held.body.Bytes())
			return
		}
		sum := sha256.Sum256(held.body.Bytes())
		etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
		w.Header().Set("ETag", etag)
		if matches(r.Header.Get("If-None-Match"), etag) {
			w.Header().Del("Content-Length")
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(held.body.Bytes())
	})
}

// matches tells whether an If-None-Match names an ETag.
func matches(header, etag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == etag || candidate == "*" {
			return true
		}
	}
	return false
}

// heldResponse keeps a response until its ETag is known.
type heldResponse struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (h *heldResponse) Header() http.Header { return h.header }

// WriteHeader implements [http.ResponseWriter].
func (h *heldResponse) WriteHeader(status int) { h.status = status }

// Write implements [http.ResponseWriter].
func (h *heldResponse) Write(p []byte) (int, error) { return h.body.Write(p) }

// Flush implements [http.Flusher]: there is nothing to flush to yet.
func (h *heldResponse) Flush() {}
