package timerslack

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// begun has the id of the process that began itself anew. Were the kernel to forget the slack on the way, it would do so forever.
const begun = "TIMERSLACK_WIDENED_BY"

// Widen begins the program anew with a slack of slack for the timers of its threads: a thread gets that of the one which makes it, and
// the runtime has made its own before any code of a program runs (PR_SET_TIMERSLACK in prctl(2); to change that of another thread takes
// a capability). It returns when the slack is as wide, or cannot be, and tells why not. Process id, arguments, environment and standard
// files stay; other open files and what is done about signals do not, so it is for the first moment of a program.
func Widen(slack time.Duration) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	is, err := current()
	if err != nil || is >= slack {
		return err
	}
	self := strconv.Itoa(os.Getpid())
	if os.Getenv(begun) == self {
		return fmt.Errorf("the slack of timers is %s after beginning anew", is)
	}
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(slack), 0, 0, 0); err != nil {
		return fmt.Errorf("set the slack of timers: %w", err)
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.Setenv(begun, self); err != nil {
		return err
	}
	return fmt.Errorf("begin %s anew: %w", program, unix.Exec(program, os.Args, os.Environ()))
}

// current answers the slack of the calling thread.
func current() (time.Duration, error) {
	slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil {
		return 0, fmt.Errorf("ask for the slack of timers: %w", err)
	}
	return time.Duration(slack), nil
}
