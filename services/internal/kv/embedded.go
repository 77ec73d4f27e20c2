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
	redis := miniredis.NewMiniRedis()
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		expire(redis, done)
	}()
	return embedded{redis: redis, stop: sync.OnceFunc(func() {
		close(done)
		<-stopped
		redis.Close()
	})}
}

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
