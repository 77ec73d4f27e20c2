package timeline

import (
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// copies keeps copies of what is elsewhere, for some time, and drops those of which it hears that they changed. A copy
// that was being made when the change came is not kept: what is older than the change is told by ticks.
type copies[V any] struct {
	kept    *otter.Cache[int64, V]
	changed *otter.Cache[int64, int64]
	ticks   atomic.Int64
}

func newCopies[V any](most int, longest time.Duration) *copies[V] {
	return &copies[V]{
		kept:    otter.Must(&otter.Options[int64, V]{MaximumSize: most, ExpiryCalculator: otter.ExpiryWriting[int64, V](longest)}),
		changed: otter.Must(&otter.Options[int64, int64]{MaximumSize: most, ExpiryCalculator: otter.ExpiryWriting[int64, int64](longest)}),
	}
}

// get answers a copy, if there is one.
func (c *copies[V]) get(id int64) (V, bool) { return c.kept.GetIfPresent(id) }

// tick is to be taken before the original is read.
func (c *copies[V]) tick() int64 { return c.ticks.Add(1) }

// keep keeps a copy of an original that was read after tick. A change that comes between the two steps drops what was kept
// in the first.
func (c *copies[V]) keep(id int64, v V, tick int64) {
	c.kept.Set(id, v)
	if changed, ok := c.changed.GetIfPresent(id); ok && changed > tick {
		c.kept.Invalidate(id)
	}
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
