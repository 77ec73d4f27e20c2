//go:build !linux

package timerslack

import "time"

// Widen does nothing: only Linux lets a process say so.
func Widen(time.Duration) error { return nil }
