package store

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

const (
	// firstConns is how many connections a pool begins with, and how many its calls may make by themselves.
	firstConns = 4
	// growEvery is how often it is looked whether calls want more. A pool of 16 is there after a second and a half. One that nobody
	// has used for quietLooks is looked at each quietEvery: what is idle is not to be woken.
	growEvery, quietEvery = 100 * time.Millisecond, 500 * time.Millisecond
	quietLooks            = 20
)

// A growingPool makes its connections aside, one after the other, while calls wait for whichever is free first. A pool of
// database/sql has the call that finds none free make one, and wait for that alone: on a busy server it takes seconds, in which
// those that are there are free again hundreds of times.
type growingPool struct {
	pool  *sql.DB
	limit int
	// size is how many connections there may be now.
	size  int
	waits int64
	// quiet is how often in a row no connection was in use.
	quiet int
}

// growing has a pool begin with a few connections, which are there when it returns if the server has them, and grow to the limit
// until stop is called.
func growing(ctx context.Context, pool *sql.DB, limit int) (stop func()) {
	g := &growingPool{pool: pool, limit: limit}
	g.resize(min(firstConns, limit))
	g.begin(ctx)
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// begin makes the first connections, all at the same time: none is given back before the others are there.
func (g *growingPool) begin(ctx context.Context) {
	var made, all sync.WaitGroup
	made.Add(g.size)
	for range g.size {
		all.Go(func() {
			conn, err := g.pool.Conn(ctx)
			made.Done()
			if err == nil { // Else calls fail, too, and say why.
				made.Wait()
				_ = conn.Close()
			}
		})
	}
	all.Wait()
}

func (g *growingPool) run(ctx context.Context) {
	timer := time.NewTimer(growEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			g.adapt(ctx)
		}
		if g.quiet < quietLooks {
			timer.Reset(growEvery)
		} else {
			timer.Reset(quietEvery)
		}
	}
}

// adapt makes a connection when calls want one. Those that have ended, by their age or with the server, are made anew this way,
// too, rather than by calls.
func (g *growingPool) adapt(ctx context.Context) {
	s := g.pool.Stats()
	wanted := s.WaitCount > g.waits || s.InUse >= g.size
	g.waits = s.WaitCount
	if g.quiet++; s.InUse > 0 {
		g.quiet = 0
	}
	switch {
	case s.OpenConnections < g.size:
		g.resize(max(min(firstConns, g.limit), s.OpenConnections))
	case wanted && g.size < g.limit:
		g.resize(g.size + 1)
		if conn, err := g.pool.Conn(ctx); err == nil {
			_ = conn.Close()
		}
	}
}

func (g *growingPool) resize(size int) {
	if size == g.size {
		return
	}
	g.size = size
	g.pool.SetMaxOpenConns(size)
	g.pool.SetMaxIdleConns(size)
}
