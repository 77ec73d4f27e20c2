package kv

import (
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// embedded is a Redis-compatible store inside the process. It listens on nothing.
type embedded struct {
	redis *miniredis.Miniredis
	stop  func()
}

func startEmbedded() embedded {
	e := embedded{redis: miniredis.NewMiniRedis()}
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		e.expire(done)
	}()
	e.stop = sync.OnceFunc(func() {
		close(done)
		<-stopped
		e.redis.Close()
	})
	return e
}

// expire lets time pass: miniredis expires keys only when told that it has.
func (e embedded) expire(done <-chan struct{}) {
	const step = time.Second
	tick := time.NewTicker(step)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			e.redis.FastForward(step)
		}
	}
}
