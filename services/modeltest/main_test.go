package modeltest_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/pulse-social/pulse/services/internal/testmain"
)

// TestMain has the walks be short unless they are asked for by -rapid.checks and -rapid.steps, and says their seed.
func TestMain(m *testing.M) {
	testmain.Run(saying{m}, "rapid.checks=4", "rapid.steps=80", "rapid.nofailfile=true", fmt.Sprintf("rapid.seed=%d", 1+rand.Uint64()>>1))
}

// saying says how to repeat the walks.
type saying struct{ *testing.M }

// Run implements [testmain.Main].
func (s saying) Run() int {
	fmt.Printf("repeat with -rapid.seed=%v -rapid.checks=%v -rapid.steps=%v\n",
		flag.Lookup("rapid.seed").Value, flag.Lookup("rapid.checks").Value, flag.Lookup("rapid.steps").Value)
	return s.M.Run()
}
