package streamtest_test

import (
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// A wire leads to a server, and breaks.
type wire struct {
	listener net.Listener
	upstream atomic.Pointer[string]
	// longest is after how many bytes at most a connection is cut; 0 lets them be.
	longest atomic.Int64
	// cuts is how many connections were cut at a byte.
	cuts atomic.Int64

	passing sync.WaitGroup
	mu      sync.Mutex
	down    bool
	open    map[net.Conn]bool
}

// layWire lays a wire to the server at an address.
func layWire(t *testing.T, upstream string) *wire {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: listener, open: map[net.Conn]bool{}}
	w.lead(upstream)
	w.passing.Go(w.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		w.cut()
		w.passing.Wait()
	})
	return w
}

// url is where the server is reached through the wire.
func (w *wire) url() string { return "http://" + w.listener.Addr().String() }

// lead has the wire lead to another server from now on.
func (w *wire) lead(upstream string) { w.upstream.Store(&upstream) }

// cut ends all connections, and every new one until they are joined.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = true
	for conn := range w.open {
		_ = conn.Close()
	}
}

// join undoes cut.
func (w *wire) join() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = false
}

func (w *wire) accept() {
	for {
		conn, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.passing.Go(func() { w.pass(conn) })
	}
}

// pass connects a client with the server until one of them, or the wire, ends it.
func (w *wire) pass(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", *w.upstream.Load())
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	if !w.hold(client, server) {
		return
	}
	defer w.release(client, server)
	w.passing.Go(func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	})
	longest := w.longest.Load()
	if longest == 0 {
		_, _ = io.Copy(client, server)
		return
	}
	if _, err := io.CopyN(client, server, 1+rand.Int64N(longest)); err == nil {
		w.cuts.Add(1)
	}
}

// hold notes connections as open; false when the wire is cut.
func (w *wire) hold(conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		return false
	}
	for _, conn := range conns {
		w.open[conn] = true
	}
	return true
}

func (w *wire) release(conns ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, conn := range conns {
		delete(w.open, conn)
	}
}
