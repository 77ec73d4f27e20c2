package store

import (
	"context"
	"database/sql/driver"
)

// connectsAtOnce is how many connections a pool makes at the same time. To make one costs the server some 30 ms of CPU, a
// process and a proof of the password among it. When it comes back under load, every call of every process wants one: all at
// once, none is made before it times out, and each try takes from the others what they lack.
const connectsAtOnce = 2

// pacing makes connections a few at a time.
type pacing struct {
	driver.Connector
	slots chan struct{}
}

func paced(connector driver.Connector) pacing {
	return pacing{connector, make(chan struct{}, connectsAtOnce)}
}

// Connect waits for its turn, at most until ctx ends.
func (p pacing) Connect(ctx context.Context) (driver.Conn, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
		return p.Connector.Connect(ctx)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
