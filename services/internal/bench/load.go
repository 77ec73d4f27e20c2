package bench

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A call makes the nth request and answers how many bytes its answer has.
type call func(ctx context.Context, n int) (bytes int, err error)

// outcome is what became of a load.
type outcome struct {
	requests, failed int
	bytes            int64
	// latencies are from when a request was due, sorted; a server that stalls makes those wait that come meanwhile.
	latencies []time.Duration
	err       error
}

// drive makes calls at a rate, whether the server keeps up or not: each is due at its time (open loop, without
// coordinated omission; see Gil Tene, "How NOT to Measure Latency").
func drive(ctx context.Context, rate float64, length time.Duration, do call) outcome {
	total := int(rate * length.Seconds())
	o := outcome{requests: total, latencies: make([]time.Duration, total)}
	var failed, bytes atomic.Int64
	var firstErr atomic.Pointer[error]
	var group sync.WaitGroup
	began := time.Now()
	for n := range total {
		due := began.Add(time.Duration(float64(n) / rate * float64(time.Second)))
		if pause := time.Until(due); pause > 0 {
			time.Sleep(pause)
		}
		if ctx.Err() != nil {
			o.requests = n
			break
		}
		group.Go(func() {
			size, err := do(ctx, n)
			o.latencies[n] = time.Since(due)
			bytes.Add(int64(size))
			if err != nil {
				failed.Add(1)
				firstErr.CompareAndSwap(nil, &err)
			}
		})
	}
	group.Wait()
	o.latencies = o.latencies[:o.requests]
	o.failed, o.bytes = int(failed.Load()), bytes.Load()
	if err := firstErr.Load(); err != nil {
		o.err = *err
	}
	slices.Sort(o.latencies)
	return o
}

// quantile answers the latency that a share of all requests did not exceed.
func (o outcome) quantile(q float64) time.Duration { return quantile(o.latencies, q) }

func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}
