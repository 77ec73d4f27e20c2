// Package testwait lets tests wait for a condition instead of for time.
package testwait

import (
	"testing"
	"time"
)

// patience is how long a condition may take before the test fails. It is less than what caches may keep without a new stamp
// (stamp.MaxAge): a test must not pass because time mended what was left undone.
const patience = 25 * time.Second

// Rounds is how often a test does something again: a third as often in a short run, as that under the race detector is, where the
// first rounds tell as much and each takes ten times as long.
func Rounds(n int) int {
	if testing.Short() {
		return max(1, n/3)
	}
	return n
}

// Until returns as soon as the condition holds, and fails the test when it does not come to.
func Until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain for: %s", patience, what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
