package rpc

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pulse-social/pulse/services/internal/testwait"
)

// A replica is a server at one address of a service's host.
type replica struct {
	calls  atomic.Int64
	server *http.Server
}

func startReplica(t *testing.T, address string) *replica {
	t.Helper()
	r := &replica{}
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	r.server = &http.Server{Protocols: protocols, ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.calls.Add(1)
		_, _ = io.Copy(w, q.Body)
	})}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Skipf("this machine has no %s: %v", address, err)
	}
	go func() { _ = r.server.Serve(l) }()
	t.Cleanup(func() { _ = r.server.Close() })
	return r
}

// names is what a host's addresses are, and may change.
type names struct {
	mu        sync.Mutex
	addresses []string
	err       error
}

func (n *names) set(err error, addresses ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.addresses, n.err = addresses, err
}

func (n *names) lookup(context.Context, string) ([]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.addresses, n.err
}

func post(t *testing.T, client *http.Client, port string) error {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://pulse-post:"+port, strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if body, err := io.ReadAll(answer.Body); err != nil || string(body) != "hello" {
		t.Errorf("got %q, %v", body, err)
	}
	return nil
}

// Calls to another service go to all of its replicas, leave one that has gone alone without failing, and find a new one.
func TestCallsSpreadOverTheReplicas(t *testing.T) {
	t.Parallel()
	free, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	_ = free.Close()
	one, two := startReplica(t, "127.0.0.1:"+port), startReplica(t, "127.0.0.2:"+port)
	known := &names{}
	known.set(errors.New("no such host"))
	s := newSpread("pulse-post:"+port, peerHTTP(nil))
	s.lookup = known.lookup
	t.Cleanup(func() {
		for _, l := range s.lanes {
			l.CloseIdleConnections()
		}
	})
	client := &http.Client{Transport: s}
	if err := post(t, client, port); err == nil || !strings.Contains(err.Error(), "look up pulse-post: no such host") {
		t.Errorf("got %v", err)
	}

	known.set(nil, "127.0.0.1", "127.0.0.2")
	for range 10 {
		if err := post(t, client, port); err != nil {
			t.Fatal(err)
		}
	}
	if one.calls.Load() != 5 || two.calls.Load() != 5 {
		t.Errorf("of 10 calls one replica got %d and the other %d", one.calls.Load(), two.calls.Load())
	}

	_ = one.server.Close()
	testwait.Until(t, "the connection to the first is known to be closed", func() bool { return post(t, client, port) == nil })
	for range 10 {
		if err := post(t, client, port); err != nil {
			t.Errorf("a replica has gone, and a call failed: %v", err)
		}
	}

	three := startReplica(t, "127.0.0.3:"+port)
	known.set(nil, "127.0.0.2", "127.0.0.3")
	testwait.Until(t, "the new replica gets calls", func() bool { return post(t, client, port) == nil && three.calls.Load() > 0 })
	known.set(errors.New("the name server is away"))
	for range 4 {
		if err := post(t, client, port); err != nil {
			t.Errorf("without a name server: %v", err)
		}
	}
}
