// Package testmain runs the tests of packages that start a Pulse.
package testmain

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"

	"go.uber.org/goleak"
)

// atOnce is how many tests of a package run at once: more than there are cores, since they wait for events most of the time.
const atOnce = "6"

// A Main is a testing.M.
type Main interface {
	// Run runs the tests and answers the exit code.
	Run() int
}

// Run runs the tests of a package and exits: with a failure when one of their goroutines lives on. Defaults are flags, as in
// "rapid.checks=12", for where the command line says nothing of them.
func Run(m Main, defaults ...string) {
	flag.Parse()
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for _, setting := range append([]string{"test.parallel=" + atOnce}, defaults...) {
		name, value, _ := strings.Cut(setting, "=")
		if given[name] {
			continue
		}
		if err := flag.Set(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	goleak.VerifyTestMain(closing{m}, Brokers()...)
}

// Brokers are the goroutines that the embedded broker forgets to stop now and then when it is shut down: a file store's, and the
// clock that file stores share.
func Brokers() []goleak.Option {
	const nats = "github.com/nats-io/nats-server/v2/server"
	return []goleak.Option{
		goleak.IgnoreTopFunction(nats + ".(*fileStore).flushStreamStateLoop"),
		goleak.IgnoreTopFunction(nats + "/ats.Register.func1"),
	}
}

// closing closes what clients without an HTTP client of their own keep open, for goleak to find only what Pulse has forgotten.
type closing struct{ Main }

// Run implements [goleak.TestingM].
func (c closing) Run() int {
	defer http.DefaultClient.CloseIdleConnections()
	return c.Main.Run()
}
