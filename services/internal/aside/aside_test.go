package aside_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pulse-social/pulse/services/internal/aside"
)

// What is to be done at once is done at once: each waits for all others here.
func TestDoesAsMuchAtOnceAsThereIs(t *testing.T) {
	t.Parallel()
	const atOnce = 50
	pool := aside.NewPool()
	for range 2 { // The second time in goroutines that are there.
		var together, all sync.WaitGroup
		var done atomic.Int64
		together.Add(atOnce)
		for range atOnce {
			all.Go(func() {
				pool.Do(func() {
					together.Done()
					together.Wait()
				})
				done.Add(1)
			})
		}
		all.Wait()
		if done.Load() != atOnce {
			t.Errorf("%d of %d were done", done.Load(), atOnce)
		}
	}
}

func TestAPanicIsTheCallers(t *testing.T) {
	t.Parallel()
	pool := aside.NewPool()
	for range 2 {
		func() {
			defer func() {
				if got := recover(); got != "broken" {
					t.Errorf("recovered %v, want what was panicked with", got)
				}
			}()
			pool.Do(func() { panic("broken") })
		}()
	}
	pool.Do(func() {}) // The goroutine works on.
}
