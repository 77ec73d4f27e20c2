package app

import (
	"fmt"

	"github.com/pulse-social/pulse/services/internal/timerslack"
)

// WakeLess has the process wake less often for the same work, for which it may begin the program anew: a program calls it before it
// does anything that it would have to do again. An error tells why the process wakes as often as any.
func WakeLess() error {
	if err := timerslack.Widen(timerslack.Wide); err != nil {
		return fmt.Errorf("timers stay as exact as they are, which takes more CPU: %w", err)
	}
	return nil
}
