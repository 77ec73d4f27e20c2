// Package testwait lets tests wait for a condition instead of for time.
package testwait

import (
	"testing"
	"time"
)

// patience is how long a condition may take before the test fails.
const patience = 20 * time.Second

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
