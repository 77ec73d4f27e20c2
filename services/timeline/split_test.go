package timeline_test

import (
	"context"
	"errors"
	"os"
	"testing"

	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/topology"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// stack is a Pulse under test: in the process of the test, or in many.
type stack interface {
	URL() string
	Client(t testing.TB, opts ...pulse.Option) *pulse.Client
	Setenv(name, value string)
	LoseCaches(t testing.TB)
	Settle(t testing.TB)
}

// startStack starts a Pulse; with PULSE_TEST_TOPOLOGY=split it is one of two processes for each service.
func startStack(t *testing.T, name, value string) stack {
	t.Helper()
	if os.Getenv("PULSE_TEST_TOPOLOGY") != "split" {
		return pulsetest.Start(t, pulsetest.WithEnv(name, value))
	}
	servers, ok := topology.ServersFromEnvironment()
	if !ok {
		t.Fatal("PULSE_TEST_TOPOLOGY=split needs PULSE_TEST_DATABASE_URL and PULSE_TEST_REDIS_URL: run under .tools/with-backends.sh")
	}
	dir := t.TempDir()
	binary, err := topology.Build(t.Context(), dir)
	must(t, err)
	split, err := topology.Split(t.Context(), topology.Options{Binary: binary, Dir: dir, Servers: servers, Env: map[string]string{name: value}})
	must(t, err)
	t.Cleanup(func() { must(t, split.Stop(context.WithoutCancel(t.Context()))) })
	return splitStack{split}
}

// splitStack is a split topology as tests use it.
type splitStack struct{ *topology.Topology }

// Client makes a client that nobody has signed in with.
func (s splitStack) Client(t testing.TB, opts ...pulse.Option) *pulse.Client {
	t.Helper()
	c, err := pulse.NewClient(s.URL(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// LoseCaches starts every process again, with an empty Redis and a NATS that has lost its store.
func (s splitStack) LoseCaches(t testing.TB) {
	t.Helper()
	err := s.Restart(t.Context(), func() error {
		s.NATS.Stop()
		return errors.Join(s.NATS.LoseStore(), s.NATS.Start(), s.FlushRedis(t.Context()))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Settle waits until every event has been consumed, and fails the test when an invariant is broken.
func (s splitStack) Settle(t testing.TB) {
	t.Helper()
	invariants, err := s.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range invariants {
		if i.Broken > 0 {
			t.Errorf("%s is broken (%s): %q", i.ID, i.What, i.Violations)
		}
	}
}
