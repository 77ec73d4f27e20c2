// Package timerslack lets the kernel wake the threads of a process a little later than they asked, together with what else is due.
//
// Go watches its own threads from one that sleeps for 20 us at a time while anything runs (sysmon in runtime/proc.go). The kernel's
// default slack of 50 us has it wake some 14,000 times a second; in a service that waits for others most of its time, that costs
// more than some of what the service does.
package timerslack

import "time"

// Wide is what costs next to nothing and what no caller notices: sysmon takes a processor back from a thread after 20 us in a system
// call, and from a goroutine after 10 ms; it does so a millisecond later.
const Wide = time.Millisecond
