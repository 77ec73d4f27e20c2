//go:build failpoint

package kv

import (
	"net"
	"sync"
	"syscall"

	"github.com/pulse-social/pulse/services/internal/failpoint"
)

// faults are what a trial does to the embedded Redis.
type faults struct {
	dial func() (net.Conn, error)

	mu         sync.Mutex
	down, hang bool
	conns      map[*faultyConn]bool
}

// faulty offers to break an embedded Redis.
func faulty(e embedded) embedded {
	f := &faults{dial: e.connect, conns: map[*faultyConn]bool{}}
	failpoint.Switch("redis.flush", func(on string) error {
		if on != "" {
			e.redis.FlushAll()
		}
		return nil
	})
	failpoint.Switch("redis.down", func(on string) error { f.set(&f.down, on != ""); return nil })
	failpoint.Switch("redis.hang", func(on string) error { f.set(&f.hang, on != ""); return nil })
	e.connect = f.connect
	return e
}

// set begins or ends a fault. Connections end when a Redis goes down, and when one that was stuck is mended.
func (f *faults) set(fault *bool, on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*fault = on
	if f.hang {
		return
	}
	for c := range f.conns {
		_ = c.Conn.Close()
	}
	clear(f.conns)
}

func (f *faults) connect() (net.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return nil, syscall.ECONNREFUSED
	}
	inner, err := f.dial()
	if err != nil {
		return nil, err
	}
	c := &faultyConn{Conn: inner, faults: f}
	f.conns[c] = true
	return c, nil
}

// faultyConn swallows what is written while Redis hangs.
type faultyConn struct {
	net.Conn
	faults *faults
}

// Write implements [net.Conn].
func (c *faultyConn) Write(p []byte) (int, error) {
	c.faults.mu.Lock()
	hang := c.faults.hang
	c.faults.mu.Unlock()
	if hang {
		return len(p), nil
	}
	return c.Conn.Write(p)
}
