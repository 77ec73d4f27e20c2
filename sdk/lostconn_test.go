package pulse_test

import (
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"

	"connectrpc.com/connect/v2"

	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

// resetting fails the first n requests as a server that goes away does.
type resetting struct {
	http.RoundTripper
	n int
}

func (r *resetting) RoundTrip(req *http.Request) (*http.Response, error) {
	if r.n > 0 {
		r.n--
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	}
	return r.RoundTripper.RoundTrip(req)
}

// Connect takes a connection that was reset for a call that was canceled; nobody has canceled it, so it is repeated.
func TestALostConnectionIsUnavailableAndRepeated(t *testing.T) {
	s := newServer()
	srv := serve(t, s)
	lossy := &http.Client{Transport: &resetting{srv.Client().Transport, 2}}
	client := newClient(t, srv.URL, pulse.WithHTTPClient(lossy))
	post(t.Context(), t, client)

	once := newClient(t, srv.URL, pulse.WithMaxAttempts(1), pulse.WithHTTPClient(&http.Client{Transport: &resetting{srv.Client().Transport, 1}}))
	_, err := once.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "hello"})
	if got := connect.CodeOf(err); got != connect.CodeUnavailable {
		t.Errorf("a lost connection is %s (%v), want unavailable", got, err)
	}
}
