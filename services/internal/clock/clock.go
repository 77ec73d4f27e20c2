// Package clock is where domain code gets the time from, so that tests can set it.
package clock

import "time"

// A Clock answers what time it is, in UTC and to the millisecond: what every database keeps exactly.
type Clock func() time.Time

// System is the machine's clock.
func System() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
