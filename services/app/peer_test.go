package app_test

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// A peer that takes connections and never answers, as one does that is stuck, must not take its callers along.
func TestAPeerThatNeverAnswersIsUnavailableSoon(t *testing.T) {
	t.Parallel()
	silent := listener(t)
	t.Cleanup(func() { _ = silent.Close() })
	const patience = 25 * time.Second
	if took := readThroughPeer(t, silent.Addr(), patience); took > patience/2 {
		t.Errorf("the caller waited %s", took)
	}
}

// A peer that is killed while it answers is unavailable: to repeat the call is right.
func TestAPeerThatBreaksOffIsUnavailable(t *testing.T) {
	t.Parallel()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	breaking := &http.Server{Protocols: protocols, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})}
	l := listener(t)
	go func() { _ = breaking.Serve(l) }()
	t.Cleanup(func() { _ = breaking.Close() })
	readThroughPeer(t, l.Addr(), 25*time.Second)
}

func listener(t *testing.T) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// readThroughPeer reads a home timeline whose posts are at the peer, fails unless it is unavailable, and answers how long
// it took.
func readThroughPeer(t *testing.T, peer net.Addr, patience time.Duration) time.Duration {
	t.Helper()
	p := pulsetest.Start(t)
	tokens := &pulsetest.Tokens{}
	write(t, p.User(t, "ada", pulse.WithTokenStore(tokens)).Client, "hello")
	p.Setenv("PULSE_PEERS", "post:"+peer.String())
	p.SetServices("identity", "user", "graph", "timeline")
	p.LoseCaches(t)

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	began := time.Now()
	_, err := p.Client(t, pulse.WithTokenStore(tokens), pulse.WithMaxAttempts(1)).
		Timelines.GetHomeTimeline(ctx, &timelinev1.GetHomeTimelineRequest{})
	if pulse.ReasonOf(err) != errorsv1.Reason_REASON_UNAVAILABLE {
		t.Errorf("got %v, want REASON_UNAVAILABLE", err)
	}
	return time.Since(began)
}
