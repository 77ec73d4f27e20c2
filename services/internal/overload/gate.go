// Package overload lets in as many calls as a process can answer. Without it, a process that is asked for more than it can do
// works on all calls at once, and answers each when nobody waits for it any more.
package overload

import (
	"container/list"
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"

	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/telemetry"
)

// Config says how much a process takes on.
type Config struct {
	// CallsAtOnce is how many calls from outside a process answers at the same time.
	CallsAtOnce int `env:"PULSE_CALLS_AT_ONCE" envDefault:"0" doc:"calls that a process answers at once; others wait, and are refused when it does not catch up; 0: 32 for each core, 64 at least"`
}

// Validate answers what is wrong with the settings.
func (c Config) Validate() error {
	if c.CallsAtOnce < 0 {
		return fmt.Errorf("PULSE_CALLS_AT_ONCE=%d is no number of calls: set 1 or more, or 0 for what fits the cores", c.CallsAtOnce)
	}
	return nil
}

const (
	// callsACore is how many calls fit a core: they wait for databases and peers most of the time.
	callsACore, leastCalls = 32, 64
	// queueFactor is how many times as many calls may wait as are answered at once.
	queueFactor = 8
	// A queue that has not been empty for as long as the interval stands: it is no burst, and waiting in it serves nobody. Calls
	// wait for as long as the interval, and in a queue that stands as long as the target. That is "controlled delay" as in
	// https://queue.acm.org/detail.cfm?id=2839461, with times for calls of ten milliseconds instead of one.
	interval = 500 * time.Millisecond
	target   = 50 * time.Millisecond
)

// A Gate lets in so many calls at once. Others wait; who waits for too long is refused. While the queue stands, the newest goes
// first: who asked it has the most patience left.
type Gate struct {
	limit   int
	now     clock.Clock
	refused metric.Int64Counter

	mu   sync.Mutex
	busy int
	// queue has the calls that wait, the oldest first; it stands since began.
	queue list.List
	began time.Time
}

// waiter is a call that waits.
type waiter struct {
	let chan struct{}
	in  bool
}

// NewGate makes a gate.
func NewGate(c Config, now clock.Clock) *Gate {
	g := &Gate{limit: c.CallsAtOnce, now: now}
	if g.limit == 0 {
		g.limit = max(leastCalls, callsACore*runtime.GOMAXPROCS(0))
	}
	meter := otel.Meter("github.com/pulse-social/pulse/services/internal/overload")
	g.refused = telemetry.Instrument(meter.Int64Counter("pulse.overload.refused_calls",
		metric.WithUnit("{call}"), metric.WithDescription("Calls that were refused because the process had more than it can answer.")))
	g.refused.Add(context.Background(), 0) // So that the series is there before it rises.
	telemetry.Instrument(meter.Int64ObservableUpDownCounter("pulse.overload.waiting_calls",
		metric.WithUnit("{call}"), metric.WithDescription("Calls that wait for others to be answered."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(int64(g.Waiting()))
			return nil
		})))
	return g
}

// Waiting answers how many calls wait.
func (g *Gate) Waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.queue.Len()
}

// Enter lets a call in, or refuses it. Who is let in calls [Gate.Leave] in the end.
func (g *Gate) Enter(ctx context.Context) bool {
	in := g.enter(ctx)
	if !in {
		g.refused.Add(ctx, 1)
	}
	return in
}

func (g *Gate) enter(ctx context.Context) bool {
	g.mu.Lock()
	if g.busy < g.limit {
		g.busy++
		g.mu.Unlock()
		return true
	}
	if g.queue.Len() >= queueFactor*g.limit {
		g.mu.Unlock()
		return false
	}
	if g.queue.Len() == 0 {
		g.began = g.now()
	}
	patience := interval
	if g.stands() {
		patience = target
	}
	w := &waiter{let: make(chan struct{})}
	place := g.queue.PushBack(w)
	g.mu.Unlock()
	return g.wait(ctx, w, place, patience)
}

// wait answers whether it was the waiter's turn in time.
func (g *Gate) wait(ctx context.Context, w *waiter, place *list.Element, patience time.Duration) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-w.let:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !w.in {
		g.queue.Remove(place)
	}
	return w.in
}

// Leave ends a call that was let in, and lets in the next.
func (g *Gate) Leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	next := g.queue.Front()
	if g.stands() {
		next = g.queue.Back()
	}
	if next == nil {
		g.busy--
		return
	}
	if w, ok := g.queue.Remove(next).(*waiter); ok {
		w.in = true
		close(w.let)
	}
}

// stands tells whether the queue is no burst.
func (g *Gate) stands() bool { return g.queue.Len() > 0 && g.now().Sub(g.began) > interval }
