package app_test

import (
	"context"
	"net"
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
	p := pulsetest.Start(t)
	tokens := &pulsetest.Tokens{}
	write(t, p.User(t, "ada", pulse.WithTokenStore(tokens)).Client, "hello")

	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	p.Setenv("PULSE_PEERS", "post:"+silent.Addr().String())
	p.SetServices("identity", "user", "graph", "timeline")
	p.Restart(t, nil)

	const patience = 25 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	began := time.Now()
	_, err = p.Client(t, pulse.WithTokenStore(tokens), pulse.WithMaxAttempts(1)).
		Timelines.GetHomeTimeline(ctx, &timelinev1.GetHomeTimelineRequest{})
	if pulse.ReasonOf(err) != errorsv1.Reason_REASON_UNAVAILABLE {
		t.Errorf("got %v, want REASON_UNAVAILABLE", err)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("the caller waited %s", took)
	}
}
