package media_test

import (
	"net/http"
	"strings"
	"testing"

	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// Browsers take files for pictures and nothing else, and caches ask again each time.
func TestDelivery(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada := p.User(t, "ada")
	public, private := upload(t, ada, "public"), upload(t, ada, "private")
	post(t, ada, postv1.Audience_AUDIENCE_PUBLIC, public)
	address := public.GetVariants()[0].GetUrl()
	whole := fetch(t, p, address)
	for name, want := range map[string]string{
		"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox",
		"Cache-Control": "public, no-cache", "Cross-Origin-Resource-Policy": "cross-origin", "Content-Disposition": "inline",
	} {
		if got := whole.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := fetch(t, p, private.GetVariants()[0].GetUrl()+"?key="+keyOf(t, ada)).header.Get("Cache-Control"); got != "private, no-cache" {
		t.Errorf("what is not for everybody: Cache-Control: %q", got)
	}
	if got := fetch(t, p, address, "If-None-Match", `"other", W/`+whole.header.Get("ETag")); got.status != http.StatusNotModified || got.body != "" {
		t.Errorf("what is there already: HTTP %d, %d bytes", got.status, len(got.body))
	}
	if got := fetch(t, p, address, "Range", "bytes=10-19"); got.status != http.StatusPartialContent || got.body != whole.body[10:20] {
		t.Errorf("a part of it: HTTP %d, %d bytes", got.status, len(got.body))
	}
	if got := exchange(t, http.MethodHead, p.URL()+address, nil); got.status != http.StatusOK || got.body != "" || got.header.Get("Content-Length") == "" {
		t.Errorf("HEAD: HTTP %d %v", got.status, got.header)
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		if got := exchange(t, method, p.URL()+address, []byte("x")); got.status != http.StatusMethodNotAllowed {
			t.Errorf("%s: HTTP %d, want 405", method, got.status)
		}
	}
	for _, path := range []string{
		"/media/", "/media/x/small", "/media/-1/small", "/media/0" + strings.TrimPrefix(address, "/media/"), "/media/1/../../pulse.db",
		"/media/..%2f..%2fpulse.db/small", "/media/1/..%2f..%2f..%2fpulse.db", "/media/1%00/small", "/media/99999999999999999999/small", "/uploads/1",
	} {
		if got := fetch(t, p, path); got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed {
			t.Errorf("%s: HTTP %d, want 404", path, got.status)
		}
	}
}

// Operators may let caches keep what everybody sees, and that alone.
func TestDeliveryBehindACache(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_MEDIA_MAX_AGE", "5m"))
	ada := p.User(t, "ada")
	public, private := upload(t, ada, "public"), upload(t, ada, "private")
	post(t, ada, postv1.Audience_AUDIENCE_PUBLIC, public)
	key := keyOf(t, ada)
	for address, want := range map[string]string{
		public.GetVariants()[0].GetUrl():                  "public, max-age=300",
		private.GetVariants()[0].GetUrl() + "?key=" + key: "private, no-cache",
		private.GetVariants()[0].GetUrl():                 "no-store",
	} {
		if got := fetch(t, p, address).header.Get("Cache-Control"); got != want {
			t.Errorf("%.40s: Cache-Control: %q, want %q", address, got, want)
		}
	}
}
