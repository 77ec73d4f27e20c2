package limit

import (
	"sync"
	"time"
)

// account is what a process holds of a caller's limit.
type account struct {
	mu sync.Mutex
	// leased are calls that Redis has counted already; they are good until leaseEnds.
	leased    int64
	leaseEnds time.Time
	// refusedUntil is when Redis lets a call through again; until then it need not be asked.
	refusedUntil time.Time
	// own is what the process counts while Redis is away.
	own cell
}

// take answers how long a call has to wait; 0 lets it through. ask takes a lease of Redis. Who calls again meanwhile waits
// for that lease, and asks for none of their own.
func (a *account) take(now time.Time, r rule, ask func(time.Time) (grant, error)) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.leased > 0 && now.Before(a.leaseEnds) {
		a.leased--
		return 0
	}
	if wait := a.refusedUntil.Sub(now); 0 < wait && wait <= r.Window { // Longer only when the clock was set back.
		return wait
	}
	got, err := ask(now)
	if err != nil {
		return a.own.take(now, r.Rate, 1).wait
	}
	if got.calls == 0 {
		a.leased, a.refusedUntil = 0, now.Add(got.wait)
		return got.wait
	}
	a.leased, a.leaseEnds = got.calls-1, now.Add(r.Window)
	return 0
}

// giveBack gives a call back to whom it was taken from: ask gives it back to Redis.
func (a *account) giveBack(now time.Time, r rule, ask func(time.Time) error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refusedUntil = time.Time{}
	if ask(now) != nil {
		a.own.take(now, r.Rate, -1)
	}
}
