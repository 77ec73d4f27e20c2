package search_test

import (
	"testing"

	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// database is the database of a Pulse, to change what no RPC changes as fast or in that state.
type database struct{ *store.Store }

func open(t testing.TB, p *pulsetest.Pulse) database {
	t.Helper()
	s, err := store.Open(t.Context(), p.Config(t).Store, store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return database{s}
}

// write writes as a service does.
func (d database) write(t testing.TB, service string, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := d.For(service).Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}
