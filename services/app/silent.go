package app

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// silentAfter is how long a connection may have sent nothing before a stopping server closes it. Clients open connections
// ahead of need; [http.Server.Shutdown] would wait five seconds for each to speak.
const silentAfter = time.Second

// silentConns knows the connections that have not sent anything yet.
type silentConns struct {
	mu    sync.Mutex
	since map[net.Conn]time.Time
}

// track is a server's ConnState hook.
func (s *silentConns) track(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state != http.StateNew {
		delete(s.since, c)
		return
	}
	if s.since == nil {
		s.since = map[net.Conn]time.Time{}
	}
	s.since[c] = time.Now() //nolint:forbidigo // Connections age by the wall clock.
}

// closeUntil closes silent connections until ctx ends.
func (s *silentConns) closeUntil(ctx context.Context) {
	tick := time.NewTicker(silentAfter / 10)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.close()
		}
	}
}

func (s *silentConns) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c, since := range s.since {
		if time.Since(since) > silentAfter { //nolint:forbidigo // Connections age by the wall clock.
			_ = c.Close()
		}
	}
}
