//go:build failpoint

package app

import (
	"sync/atomic"
	"time"

	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/failpoint"
)

// movable is a clock that a trial can set forward.
func movable(c clock.Clock) clock.Clock {
	var ahead atomic.Int64
	failpoint.Switch("clock.shift", func(on string) error {
		by, err := time.ParseDuration(on)
		if err == nil {
			ahead.Add(int64(by))
		}
		return err
	})
	return func() time.Time { return c().Add(time.Duration(ahead.Load())) }
}
