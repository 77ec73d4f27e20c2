package loopback_test

import (
	"testing"

	"github.com/pulse-social/pulse/services/internal/loopback"
)

// An address that is planned and not yet listened at must not be planned for another process.
func TestNoAddressIsAnsweredTwice(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 500 { // Drawn at random from 10,000, some would come again.
		address, err := loopback.Free()
		if err != nil {
			t.Fatal(err)
		}
		if seen[address] {
			t.Fatalf("%s was answered twice", address)
		}
		seen[address] = true
	}
}
