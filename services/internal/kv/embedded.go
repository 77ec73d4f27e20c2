package kv

import (
	"net"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// embedded is a Redis-compatible store inside the process. It listens on nothing.
type embedded struct {
	redis *miniredis.Miniredis
	// connect opens a connection without a buffer.
	connect func() (net.Conn, error)
	stop    func()
}

func startEmbedded() embedded {
	redis := miniredis.NewMiniRedis()
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		expire(redis, done)
	}()
	return faulty(embedded{redis: redis, connect: redis.Dial, stop: sync.OnceFunc(func() {
		close(done)
		<-stopped
		redis.Close()
	})})
}

// dial connects to the store. The connection of miniredis is a pipe without a buffer: a client that writes a long
// pipeline before it reads, and a server that answers its first command before it reads on, would wait for each other.
func (e embedded) dial() (net.Conn, error) {
	pipe, err := e.connect()
	if err != nil {
		return nil, err
	}
	c := &bufferedConn{Conn: pipe}
	c.filled.L = &c.mu
	go c.send()
	return c, nil
}

// bufferedConn is a connection whose writes do not wait for the reader.
type bufferedConn struct {
	net.Conn

	mu     sync.Mutex
	filled sync.Cond
	buffer []byte
	err    error
}

// Write implements [net.Conn].
func (c *bufferedConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, c.err
	}
	c.buffer = append(c.buffer, p...)
	c.filled.Signal()
	return len(p), nil
}

// send passes on what was written, until the connection ends.
func (c *bufferedConn) send() {
	for {
		c.mu.Lock()
		for len(c.buffer) == 0 && c.err == nil {
			c.filled.Wait()
		}
		next, err := c.buffer, c.err
		c.buffer = nil
		c.mu.Unlock()
		if err != nil {
			return
		}
		if _, err := c.Conn.Write(next); err != nil {
			c.end(err)
		}
	}
}

func (c *bufferedConn) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
	c.filled.Signal()
}

// Close implements [net.Conn].
func (c *bufferedConn) Close() error {
	c.end(net.ErrClosed)
	return c.Conn.Close()
}

// SetDeadline implements [net.Conn]; writes do not wait.
func (c *bufferedConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetWriteDeadline implements [net.Conn]; writes do not wait.
func (c *bufferedConn) SetWriteDeadline(time.Time) error { return nil }

// expire lets time pass: miniredis expires keys only when told that it has.
func expire(redis *miniredis.Miniredis, done <-chan struct{}) {
	const step = time.Second
	tick := time.NewTicker(step)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			redis.FastForward(step)
		}
	}
}
