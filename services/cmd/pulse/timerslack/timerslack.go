// Package timerslack has the threads of the program wake up to four milliseconds later than they ask, together with what else is due.
//
// Go watches its own threads from one that sleeps for 20 us at a time while anything runs (sysmon in runtime/proc.go). The kernel's
// default slack of 50 us has it wake some 14,000 times a second; in a service that waits for others most of its time, that costs
// more than some of what the service does, and each time it takes the processor from whoever has it.
//
// A thread gets the slack of the one which makes it, and the runtime has made its own before any code of a program runs; to change that
// of another thread takes a capability (PR_SET_TIMERSLACK in prctl(2)). So the program begins anew, in the same process. To import the
// package is enough: it does so when it is initialized, before most others are, for the program would have to do that again. For the
// same reason it imports nothing that is initialized late, which goes by the path (Go specification, Program initialization).
package timerslack

import (
	"fmt"
	"os"
	"time"
)

// Wide is what costs next to nothing and what no caller notices: sysmon takes a processor back from a thread after 20 us in a system
// call, and from a goroutine after 10 ms; it does so a little later. With a millisecond it still took a twentieth of what Pulse takes.
const Wide = 4 * time.Millisecond

// commands are those that run for long: servers, and what measures them on the same machine.
var commands = map[string]bool{"serve": true, "bench": true}

func init() {
	if len(os.Args) < 2 || !commands[os.Args[1]] {
		return
	}
	if err := Widen(Wide); err != nil {
		fmt.Fprintln(os.Stderr, "pulse: timers stay as exact as they are, which takes more CPU:", err)
	}
}
