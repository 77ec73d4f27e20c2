// Package id draws the ids of everything that Pulse keeps: 63 bits, the upper 42 the milliseconds since the Unix epoch,
// the lower 21 random. They need no coordination, sort by time, and tell when their row was made. Two processes that
// draw the same id in the same millisecond are told apart by the primary key; the write is then repeated with a new one.
package id

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/pulse-social/pulse/services/internal/clock"
)

// randomBits is how much of an id is random: 2 million ids a millisecond, until the year 2109.
const randomBits = 21

// A Generator draws ids. Those of one generator strictly grow, even when the clock is set back.
type Generator struct {
	now  clock.Clock
	mu   sync.Mutex
	last int64
}

// NewGenerator makes a generator that takes the time from now.
func NewGenerator(now clock.Clock) *Generator { return &Generator{now: now} }

// Next draws an id.
func (g *Generator) Next() int64 {
	drawn := At(g.now()) | rand.Int64N(1<<randomBits) //nolint:gosec // Ids are no secrets: what one may see is asked each time.
	g.mu.Lock()
	defer g.mu.Unlock()
	if drawn <= g.last {
		drawn = g.last + 1
	}
	g.last = drawn
	return drawn
}

// Time answers when an id was drawn, to the millisecond.
func Time(id int64) time.Time { return time.UnixMilli(id >> randomBits).UTC() }

// At answers the smallest id of a millisecond: ids drawn before t are smaller.
func At(t time.Time) int64 { return t.UnixMilli() << randomBits }

// String writes an id as the API does.
func String(id int64) string { return strconv.FormatInt(id, 10) }

// Unique answers what there is, ascending and once each, and leaves all as it is. It is for what a query asks of.
func Unique[T cmp.Ordered](all []T) []T {
	ascending := slices.Clone(all)
	slices.Sort(ascending)
	return slices.Compact(ascending)
}
