package timeline

import (
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/pulse-social/pulse/services/internal/clock"
)

// copies keeps copies of what is elsewhere, for some time, and drops those of which it hears that they changed. A copy
// that was being made when the change came is not kept: what is older than the change is told by ticks.
type copies[V any] struct {
	now     clock.Clock
	longest time.Duration
	kept    *otter.Cache[int64, *copied[V]]
	changed *otter.Cache[int64, int64]
	ticks   atomic.Int64
}

// copied is one copy, and when it was made.
type copied[V any] struct {
	v  V
	at time.Time
}

func newCopies[V any](most int, longest time.Duration, now clock.Clock) *copies[V] {
	return &copies[V]{
		now: now, longest: longest,
		kept:    otter.Must(&otter.Options[int64, *copied[V]]{MaximumSize: most}),
		changed: otter.Must(&otter.Options[int64, int64]{MaximumSize: most}),
	}
}

// get answers a copy, if there is one that is not too old.
func (c *copies[V]) get(id int64) (v V, ok bool) {
	kept, ok := c.kept.GetIfPresent(id)
	if !ok {
		return v, false
	}
	if age := c.now().Sub(kept.at); age < 0 || age > c.longest {
		return v, false
	}
	return kept.v, true
}

// tick is to be taken before the original is read.
func (c *copies[V]) tick() int64 { return c.ticks.Add(1) }

// keep keeps a copy of an original that was read after tick. A change that comes between the two steps drops what was kept
// in the first.
func (c *copies[V]) keep(id int64, v V, tick int64) {
	c.kept.Set(id, &copied[V]{v, c.now()})
	if changed, ok := c.changed.GetIfPresent(id); ok && changed > tick {
		c.kept.Invalidate(id)
	}
}

// unchanged tells that an original has not changed since a tick, as far as is heard.
func (c *copies[V]) unchanged(id, tick int64) bool {
	changed, ok := c.changed.GetIfPresent(id)
	return !ok || changed <= tick
}

// drop drops copies whose originals have changed.
func (c *copies[V]) drop(ids ...int64) {
	for _, id := range ids {
		c.changed.Set(id, c.tick())
		c.kept.Invalidate(id)
	}
}

// clear drops all copies. One that is being made meanwhile stays; its time is bounded.
func (c *copies[V]) clear() { c.kept.InvalidateAll() }
