//go:build !failpoint

package app

import "github.com/pulse-social/pulse/services/internal/clock"

// movable is the place where trials move the clock.
func movable(c clock.Clock) clock.Clock { return c }
