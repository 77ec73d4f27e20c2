package search_test

import (
	"testing"

	"github.com/pulse-social/pulse/services/internal/testmain"
)

// TestMain makes rapid check less often than it does by itself, unless it is told how often: each check of this package
// waits for a consumer.
func TestMain(m *testing.M) { testmain.Run(m, "rapid.checks=12") }
