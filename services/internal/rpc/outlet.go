package rpc

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"connectrpc.com/connect/v2"
)

// ErrTooSlow tells that a client did not read what it was sent for as long as it may.
var ErrTooSlow = errors.New("client does not read")

// An Outlet is where the messages of a stream leave the process. It bounds how long each may take: HTTP alone would wait
// for as long as a client does not read. A stream within the process has one that bounds nothing.
type Outlet struct {
	mu         sync.Mutex
	controller *http.ResponseController
	hurried    bool
}

type outletKey struct{}

// OutletOf answers the outlet of the call under a context.
func OutletOf(ctx context.Context) *Outlet {
	if o, ok := ctx.Value(outletKey{}).(*Outlet); ok {
		return o
	}
	return &Outlet{}
}

// Send has a message sent within a time. When the client did not read for so long the error is [ErrTooSlow], and nothing more
// can be sent.
func (o *Outlet) Send(within time.Duration, send func() error) error {
	began := time.Now()
	o.bound(began.Add(within))
	err := send()
	if err != nil {
		if time.Since(began) >= within {
			return ErrTooSlow
		}
		return err
	}
	o.bound(time.Time{})
	return nil
}

// Hurry bounds all that is still sent, the message under way included. It is for streams that end.
func (o *Outlet) Hurry(within time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.hurried {
		o.hurried = true
		o.set(time.Now().Add(within))
	}
}

func (o *Outlet) bound(deadline time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.hurried {
		o.set(deadline)
	}
}

// set does without a deadline where HTTP cannot have one.
func (o *Outlet) set(deadline time.Time) {
	if o.controller != nil {
		_ = o.controller.SetWriteDeadline(deadline)
	}
}

// close takes the deadline away, for HTTP/1.1 answers further calls on the same connection. Nobody may use the outlet any more.
func (o *Outlet) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.set(time.Time{})
	o.controller = nil
}

// withOutlets gives the streams of a server their outlets.
func withOutlets(server *connect.Server, next http.Handler) http.Handler {
	streams := map[string]bool{}
	for spec := range server.Specs() {
		if spec.StreamType != connect.StreamTypeUnary {
			streams[spec.Procedure] = true
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !streams[r.URL.Path] {
			next.ServeHTTP(w, r)
			return
		}
		o := &Outlet{controller: http.NewResponseController(w)}
		defer o.close()
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), outletKey{}, o)))
	})
}
