package testbackend

import (
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/pulse-social/pulse/services/internal/loopback"
	"github.com/pulse-social/pulse/services/internal/testwait"
)

// A NATS is a NATS with JetStream, one server or a cluster, in the test's process and reached over TCP. Its servers keep
// their ports and their stores when they are stopped and started again.
type NATS struct {
	options []*server.Options
	running []*server.Server
}

// Broker starts a NATS of one server for the test, nil unless the environment asks for it.
func Broker(t testing.TB) *NATS {
	t.Helper()
	if os.Getenv("PULSE_TEST_NATS") != "tcp" {
		return nil
	}
	return StartNATS(t, 1)
}

// StartNATS starts a NATS of so many servers, a cluster if there are several, which stop when the test has ended.
func StartNATS(t testing.TB, servers int, change ...func(*server.Options)) *NATS {
	t.Helper()
	n := &NATS{running: make([]*server.Server, servers)}
	addresses := freeAddresses(t, 2*servers)
	clients, routes := addresses[:servers], addresses[servers:]
	for i := range servers {
		o := &server.Options{
			ServerName: "pulse-test-" + strconv.Itoa(i), Host: clients[i].Hostname(), Port: port(t, clients[i]),
			JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
		}
		if servers > 1 {
			o.Cluster = server.ClusterOpts{Name: "pulse-test", Host: routes[i].Hostname(), Port: port(t, routes[i])}
			o.Routes = routes
		}
		for _, apply := range change {
			apply(o)
		}
		n.options = append(n.options, o)
	}
	t.Cleanup(n.stopAll)
	n.startAll(t)
	return n
}

// freeAddresses answers addresses on loopback that nobody listens on.
func freeAddresses(t testing.TB, count int) []*url.URL {
	t.Helper()
	free := make([]*url.URL, count)
	for i := range free {
		address, err := loopback.Free()
		if err != nil {
			t.Fatal(err)
		}
		free[i] = &url.URL{Scheme: "nats", Host: address}
	}
	return free
}

func port(t testing.TB, at *url.URL) int {
	t.Helper()
	number, err := strconv.Atoi(at.Port())
	if err != nil {
		t.Fatal(err)
	}
	return number
}

// URL is where the servers are reached, separated by commas.
func (n *NATS) URL() string {
	all := make([]string, len(n.options))
	for i, o := range n.options {
		all[i] = "nats://" + net.JoinHostPort(o.Host, strconv.Itoa(o.Port))
	}
	return strings.Join(all, ",")
}

// Start starts a server that is stopped.
func (n *NATS) Start(t testing.TB, i int) {
	t.Helper()
	s, err := server.NewServer(n.options[i].Clone())
	if err != nil {
		t.Fatalf("start NATS: %v", err)
	}
	n.running[i] = s
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatalf("the NATS at %s was not ready within 10 s", s.Addr())
	}
}

// Change changes how a server runs when it is next started.
func (n *NATS) Change(i int, change func(*server.Options)) { change(n.options[i]) }

// Connections answers how many connections a server that runs has taken so far.
func (n *NATS) Connections(t testing.TB, i int) uint64 {
	t.Helper()
	stats, err := n.running[i].Varz(nil)
	if err != nil {
		t.Fatal(err)
	}
	return stats.TotalConnections
}

// Stop stops a server, which keeps what it stores. Stopping twice is stopping once.
func (n *NATS) Stop(i int) {
	if s := n.running[i]; s != nil {
		s.Shutdown()
		s.WaitForShutdown()
		n.running[i] = nil
	}
}

// Lose deletes what all servers store while they are stopped.
func (n *NATS) Lose(t testing.TB) {
	t.Helper()
	n.stopAll()
	for _, o := range n.options {
		if err := os.RemoveAll(o.StoreDir); err != nil {
			t.Fatal(err)
		}
	}
	n.startAll(t)
}

// StreamLeader answers which server of a cluster leads a stream.
func (n *NATS) StreamLeader(t testing.TB, stream string) (leader int) {
	t.Helper()
	testwait.Until(t, "stream "+stream+" has a leader", func() bool {
		leader = slices.IndexFunc(n.running, func(s *server.Server) bool {
			return s != nil && s.JetStreamIsStreamLeader(server.DEFAULT_GLOBAL_ACCOUNT, stream)
		})
		return leader >= 0
	})
	return leader
}

func (n *NATS) startAll(t testing.TB) {
	t.Helper()
	for i := range n.options {
		n.Start(t, i)
	}
	if len(n.options) > 1 {
		testwait.Until(t, "the cluster has a leader", func() bool {
			return slices.ContainsFunc(n.running, (*server.Server).JetStreamIsLeader) &&
				!slices.ContainsFunc(n.running, func(s *server.Server) bool { return !s.JetStreamIsCurrent() })
		})
	}
}

func (n *NATS) stopAll() {
	for i := range n.running {
		n.Stop(i)
	}
}
