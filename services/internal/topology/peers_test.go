package topology_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect/v2"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/internal/topology"
)

func TestTheDeadlineOfACallerReachesTheServiceThatIsCalled(t *testing.T) {
	s := split(t)
	ada := register(t, s, "deadline_ada")
	write(t, ada.Client, "hello")
	var protocol, timeout atomic.Value
	s.Proxy.Observe(func(service string, r *http.Request) {
		if service == "post" {
			protocol.Store(r.Proto)
			timeout.Store(r.Header.Get("Connect-Timeout-Ms"))
		}
	})
	t.Cleanup(func() { s.Proxy.Observe(nil) })
	const mine = 7 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), mine)
	defer cancel()
	_, err := ada.Timelines.GetHomeTimeline(ctx, &timelinev1.GetHomeTimelineRequest{})
	must(t, err)
	if protocol.Load() != "HTTP/2.0" {
		t.Errorf("timeline called post over %v, want HTTP/2.0", protocol.Load())
	}
	text, _ := timeout.Load().(string)
	if ms, err := strconv.Atoi(text); err != nil || ms <= 0 || ms > int(mine.Milliseconds()) {
		t.Errorf("timeline gave post %q ms, want what is left of %s", text, mine)
	}
}

func TestWhenAllReplicasAreDownTheCallFailsSoonAndRecovers(t *testing.T) {
	s := split(t)
	ada := register(t, s, "down_ada")
	write(t, ada.Client, "hello")
	once := at(t, s.URL(), pulse.WithTokenStore(ada.tokens), pulse.WithMaxAttempts(1))
	for _, p := range s.Running("post") {
		p.Kill()
	}
	t.Cleanup(func() { must(t, s.WaitRouted(context.WithoutCancel(t.Context()))) })
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := once.Timelines.GetHomeTimeline(ctx, &timelinev1.GetHomeTimelineRequest{})
	if pulse.ReasonOf(err) != errorsv1.Reason_REASON_UNAVAILABLE || connect.CodeOf(err) != connect.CodeUnavailable {
		t.Errorf("got %v, want REASON_UNAVAILABLE", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %s, long after the service was gone", took)
	}
	for _, p := range s.Running("post") {
		must(t, p.Start(nil))
	}
	testwait.Until(t, "the home timeline is served again", func() bool {
		_, err := once.Timelines.GetHomeTimeline(t.Context(), &timelinev1.GetHomeTimelineRequest{})
		return err == nil
	})
}

// What trials break a program with must not be in one that is released.
func TestAProgramWithoutTheTagHasNoFaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, tags := range [][]string{nil, {"failpoint"}} {
		binary, err := topology.Build(t.Context(), dir, tags...)
		must(t, err)
		raw, err := os.ReadFile(binary)
		must(t, err)
		if has := bytes.Contains(raw, []byte("/debug/faults/")) || bytes.Contains(raw, []byte("PULSE_FAILPOINT")); has != (tags != nil) {
			t.Errorf("built with tags %q: has faults %t", tags, has)
		}
	}
}
