// Package limit bounds how often somebody may call. Each caller has a limit for each rate class of the schema, and each
// account one for those who try its password. Redis counts, so a limit holds for all processes together; while Redis is
// away, each process counts by itself.
//
// The algorithm is the generic cell rate algorithm (ITU-T I.371, annex A.1; for requests: Brandur Leach, "Rate Limiting,
// Cells, and GCRA", https://brandur.org/rate-limiting): all that is kept of a caller is one time, and what was used up comes
// back evenly instead of all at once. A caller who has rested for the whole window has the whole limit at once.
package limit

import (
	"context"
	"time"

	"github.com/maypok86/otter/v2"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/kv"
	"github.com/pulse-social/pulse/services/internal/telemetry"
)

// Held bounds of how many callers a process holds something: leases, refusals, and its own counts while Redis is away. Who
// is dropped is asked of Redis again.
const Held = 100_000

// largestLease is how many calls a process takes out of a limit at once: a busy caller costs one call to Redis in so many.
// What a process does not use of them by the end of the window is lost.
const largestLease = 20

// leaseShare is how large a part of a limit a lease is at most: with small limits, processes must not take each other's.
const leaseShare = 30

// A Limiter keeps the limits.
type Limiter struct {
	kv      *kv.KV
	now     clock.Clock
	proxies proxies
	rules   [classes]rule
	held    *otter.Cache[key, *account]
	refused metric.Int64Counter
}

// rule is the limit of a class.
type rule struct {
	Rate
	// lease is how many calls are taken out at once.
	lease int64
	label metric.MeasurementOption
}

// New makes the limiter of a process.
func New(c Config, k *kv.KV, now clock.Clock) *Limiter {
	l := &Limiter{
		kv: k, now: now, proxies: c.proxies(),
		held: otter.Must(&otter.Options[key, *account]{MaximumSize: Held}),
		refused: telemetry.Instrument(otel.Meter("github.com/pulse-social/pulse/services/internal/limit").Int64Counter("pulse.rate.refused_calls",
			metric.WithUnit("{call}"), metric.WithDescription("Calls that were refused because their caller, or the account that they tried, had too many."))),
	}
	for class, rate := range c.rates() {
		r := rule{Rate: rate, lease: 1, label: metric.WithAttributeSet(attribute.NewSet(attribute.String("pulse.rate.class", Class(class).String())))}
		if Class(class) == Read || Class(class) == Write {
			r.lease = min(largestLease, max(1, rate.Calls/leaseShare))
		}
		l.rules[class] = r
		l.refused.Add(context.Background(), 0, r.label)
	}
	return l
}

// A Decision says whether a call is let through.
type Decision struct {
	// OK is whether it is.
	OK bool
	// Rate is the limit that it would exceed.
	Rate Rate
	// RetryAfter is how long until a call is let through again.
	RetryAfter time.Duration
}

// Take counts a call, if there is still room for it.
func (l *Limiter) Take(ctx context.Context, class Class, who Who) Decision {
	r := l.rules[class]
	if r.off() {
		return Decision{OK: true}
	}
	k := keyOf(class, who)
	wait := l.accountOf(k).take(l.now(), r, func(now time.Time) (grant, error) { return l.ask(ctx, k, r, now, r.lease) })
	if wait > 0 {
		l.refused.Add(ctx, 1, r.label)
	}
	return Decision{OK: wait == 0, Rate: r.Rate, RetryAfter: wait}
}

// GiveBack undoes a Take: the call does not count after all.
func (l *Limiter) GiveBack(ctx context.Context, class Class, who Who) {
	r := l.rules[class]
	if r.off() {
		return
	}
	k := keyOf(class, who)
	l.accountOf(k).giveBack(l.now(), r, func(now time.Time) error {
		_, err := l.ask(ctx, k, r, now, -1)
		return err
	})
}

func (l *Limiter) accountOf(k key) *account {
	if a, ok := l.held.GetIfPresent(k); ok {
		return a
	}
	a, _ := l.held.SetIfAbsent(k, &account{})
	return a
}
