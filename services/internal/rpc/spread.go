package rpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// resolveEvery is how often the addresses of another service are looked up again: those of new replicas get their share of
// the calls soon, and those of replicas that are gone are left alone.
const resolveEvery = time.Second

// spread takes calls to the addresses of a host in turn. HTTP/2 keeps one connection to where it has one, so that all calls
// to a host of several addresses would go to one replica of the service.
type spread struct {
	host, port string
	lookup     func(ctx context.Context, host string) ([]string, error)
	transport  *http.Transport

	mu        sync.Mutex
	lanes     []lane
	next      int
	looked    time.Time
	refreshes bool
}

// A lane is the connection to one address.
type lane struct {
	address string
	*http.Transport
}

// newSpread answers a transport to host:port that has the settings of another one.
func newSpread(address string, transport *http.Transport) *spread {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host = address // The call will fail, and say why.
	}
	return &spread{host: host, port: port, lookup: net.DefaultResolver.LookupHost, transport: transport}
}

// RoundTrip implements [http.RoundTripper]. A call goes on to the next address when it could not connect to one.
func (s *spread) RoundTrip(r *http.Request) (*http.Response, error) {
	lanes, err := s.turn(r.Context())
	if err != nil {
		return nil, err
	}
	for i, l := range lanes {
		attempt := r
		if i > 0 {
			if attempt, err = again(r); err != nil {
				return nil, err
			}
		}
		var answer *http.Response
		answer, err = l.RoundTrip(attempt)
		if err == nil || !isDialError(err) || !repeatable(r) {
			return answer, err
		}
	}
	return nil, err
}

// turn answers the lanes in the order in which a call tries them, each time from another one.
func (s *spread) turn(ctx context.Context) ([]lane, error) {
	s.mu.Lock()
	stale, first := time.Since(s.looked) > resolveEvery && !s.refreshes, len(s.lanes) == 0
	if stale {
		s.refreshes = true
	}
	s.mu.Unlock()
	switch {
	case first:
		if err := s.refresh(ctx); err != nil {
			return nil, err
		}
	case stale:
		// The call does not wait for names: what was right a second ago is good enough.
		go func() { _ = s.refresh(context.WithoutCancel(ctx)) }()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	start := s.next % len(s.lanes)
	return append(append([]lane{}, s.lanes[start:]...), s.lanes[:start]...), nil
}

// refresh looks the host up and keeps the lanes of addresses that it still has. When it cannot, all stay.
func (s *spread) refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, peerDialTimeout)
	defer cancel()
	addresses, err := s.lookup(ctx, s.host)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refreshes, s.looked = false, time.Now()
	if err != nil || len(addresses) == 0 {
		if len(s.lanes) > 0 {
			return nil
		}
		return fmt.Errorf("look up %s: %w", s.host, errors.Join(err, context.Cause(ctx)))
	}
	old := map[string]lane{}
	for _, l := range s.lanes {
		old[l.address] = l
	}
	s.lanes = nil
	for _, address := range addresses {
		l, ok := old[address]
		if !ok {
			l = s.newLane(address)
		}
		delete(old, address)
		s.lanes = append(s.lanes, l)
	}
	for _, l := range old {
		l.CloseIdleConnections()
	}
	return nil
}

// newLane makes a transport whose connections all go to one address, whatever the call's URL says: TLS goes by the name
// there.
func (s *spread) newLane(address string) lane {
	t := s.transport.Clone()
	dial := t.DialContext
	t.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dial(ctx, network, net.JoinHostPort(address, s.port))
	}
	return lane{address, t}
}

// isDialError tells that nothing was sent, for there was no connection.
func isDialError(err error) bool {
	var failed *net.OpError
	return errors.As(err, &failed) && failed.Op == "dial"
}

// repeatable tells whether a call's body can be had once more.
func repeatable(r *http.Request) bool {
	return r.Body == nil || r.Body == http.NoBody || r.GetBody != nil
}

// again answers the same call with its body from the beginning.
func again(r *http.Request) (*http.Request, error) {
	second := r.Clone(r.Context())
	if r.GetBody == nil {
		return second, nil
	}
	body, err := r.GetBody()
	second.Body = body
	return second, err
}
