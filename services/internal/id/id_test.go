package id_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pulse-social/pulse/services/internal/id"
)

func TestIDsGrowWhateverTheClockDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.UnixMilli(rapid.Int64Range(0, 1<<41).Draw(t, "start"))
		g := id.NewGenerator(func() time.Time { return now })
		last := int64(0)
		for _, step := range rapid.SliceOf(rapid.Int64Range(-3_600_000, 3_600_000)).Draw(t, "steps") {
			now = now.Add(time.Duration(step) * time.Millisecond)
			if now.UnixMilli() < 0 {
				now = time.UnixMilli(0)
			}
			drawn := g.Next()
			if drawn <= last {
				t.Fatalf("drew %d after %d", drawn, last)
			}
			last = drawn
		}
	})
}

func TestAnIDTellsItsTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 21, 0, 0, 123e6, time.UTC)
	drawn := id.NewGenerator(func() time.Time { return now }).Next()
	if got := id.Time(drawn); !got.Equal(now) {
		t.Errorf("got %v, want %v", got, now)
	}
	if first, next := id.At(now), id.At(now.Add(time.Millisecond)); drawn < first || drawn >= next {
		t.Errorf("%d is not between %d and %d", drawn, first, next)
	}
}
