package overload_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/overload"
)

// enter answers, in time, whether a call is let in.
func enter(ctx context.Context, g *overload.Gate) <-chan bool {
	in := make(chan bool, 1)
	go func() { in <- g.Enter(ctx) }()
	return in
}

// full is a gate with as many calls within as it takes.
func full(t *testing.T, atOnce int) *overload.Gate {
	t.Helper()
	g := overload.NewGate(overload.Config{CallsAtOnce: atOnce}, clock.System)
	for range atOnce {
		if !g.Enter(t.Context()) {
			t.Fatal("refused by a gate that is not full")
		}
	}
	return g
}

func TestABurstWaitsItsTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := full(t, 2)
		first := enter(t.Context(), g)
		synctest.Wait()
		second := enter(t.Context(), g)
		synctest.Wait()
		if g.Waiting() != 2 {
			t.Fatalf("%d wait, want two", g.Waiting())
		}
		time.Sleep(100 * time.Millisecond)
		g.Leave()
		synctest.Wait()
		select {
		case in := <-first:
			if !in {
				t.Error("who came first was refused")
			}
		case <-second:
			t.Error("who came second goes first")
		}
		g.Leave()
		if !<-second {
			t.Error("who came second was refused")
		}
		g.Leave()
		g.Leave()
		for range 2 {
			if !g.Enter(t.Context()) {
				t.Error("an empty gate refuses")
			}
		}
	})
}

func TestWhoWaitsTooLongIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := full(t, 1)
		began := time.Now()
		if g.Enter(t.Context()) {
			t.Fatal("let in by a gate that is full")
		}
		if waited := time.Since(began); waited != 500*time.Millisecond || g.Waiting() != 0 {
			t.Errorf("refused after %s, with %d who wait", waited, g.Waiting())
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		began = time.Now()
		if g.Enter(ctx) || time.Since(began) != 10*time.Millisecond {
			t.Errorf("a caller who has gone waits for %s", time.Since(began))
		}
		g.Leave()
		if !g.Enter(t.Context()) {
			t.Error("who was refused has kept a place")
		}
	})
}

// While the queue stands, the newest goes first, and the others do not wait for what does not come.
func TestInAQueueThatStandsTheNewestGoesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := full(t, 1)
		calls := make([]<-chan bool, 0, 8)
		for range 8 { // One each 70 ms, as many as may wait: then the first has left, and the queue stands.
			calls = append(calls, enter(t.Context(), g))
			time.Sleep(70 * time.Millisecond)
		}
		began := time.Now()
		late := enter(t.Context(), g)
		synctest.Wait()
		g.Leave()
		if !<-late || time.Since(began) != 0 {
			t.Error("the newest had to wait")
		}
		if again := enter(t.Context(), g); <-again || time.Since(began) != 50*time.Millisecond {
			t.Errorf("refused after %s, want the target of 50 ms", time.Since(began))
		}
		time.Sleep(time.Second)
		for n, call := range calls {
			if <-call {
				t.Errorf("call %d was let in", n)
			}
		}
	})
}

func TestAQueueHasItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := full(t, 2)
		var group sync.WaitGroup
		for range 16 {
			group.Go(func() { g.Enter(t.Context()) })
		}
		synctest.Wait()
		began := time.Now()
		if g.Enter(t.Context()) || time.Since(began) != 0 {
			t.Errorf("who came to a full queue waited for %s", time.Since(began))
		}
		group.Wait()
	})
}

func TestAtMostSoManyAreWithin(t *testing.T) {
	t.Parallel()
	const atOnce = 4
	g := overload.NewGate(overload.Config{CallsAtOnce: atOnce}, clock.System)
	var within, most, let atomic.Int64
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			for range 200 {
				if !g.Enter(t.Context()) {
					continue
				}
				let.Add(1)
				now := within.Add(1)
				for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
				}
				within.Add(-1)
				g.Leave()
			}
		})
	}
	group.Wait()
	if most.Load() > atOnce || let.Load() == 0 {
		t.Errorf("%d were within at once, of %d let in", most.Load(), let.Load())
	}
}
