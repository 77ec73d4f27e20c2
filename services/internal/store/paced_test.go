package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

// gate is a server that makes no connection before it is opened.
type gate struct {
	driver.Connector
	opened      chan struct{}
	trying      chan struct{}
	now, atMost atomic.Int64
}

func (g *gate) Connect(context.Context) (driver.Conn, error) {
	g.atMost.Store(max(g.atMost.Load(), g.now.Add(1)))
	defer g.now.Add(-1)
	g.trying <- struct{}{}
	<-g.opened
	return nil, nil
}

func TestConnectionsAreMadeAFewAtATime(t *testing.T) {
	t.Parallel()
	const calls = 20
	server := &gate{opened: make(chan struct{}), trying: make(chan struct{}, calls)}
	pool := paced(server)
	var group sync.WaitGroup
	for range calls {
		group.Go(func() {
			if _, err := pool.Connect(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	for range connectsAtOnce {
		<-server.trying
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pool.Connect(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("who waits no longer is answered %v", err)
	}
	close(server.opened)
	group.Wait()
	if got := server.atMost.Load(); got > connectsAtOnce {
		t.Errorf("%d connections were made at once, want at most %d", got, connectsAtOnce)
	}
}
