package timerslack

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// Options of prctl, in nanoseconds (linux/prctl.h).
const (
	setTimerSlack = 29
	getTimerSlack = 30
)

// begun has the id of the process that began itself anew. Were the kernel to forget the slack on the way, it would do so forever.
const begun = "TIMERSLACK_WIDENED_BY"

// Widen begins the program anew with a slack of slack for the timers of its threads. It returns when the slack is as wide, or cannot be,
// and tells why not. Process id, arguments, environment and standard files stay; other open files and what is done about signals do not.
func Widen(slack time.Duration) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	is, err := Current()
	if err != nil || is >= slack {
		return err
	}
	self := strconv.Itoa(os.Getpid())
	if os.Getenv(begun) == self {
		return fmt.Errorf("the slack of timers is %s after beginning anew", is)
	}
	if _, _, failed := syscall.RawSyscall(syscall.SYS_PRCTL, setTimerSlack, uintptr(slack), 0); failed != 0 {
		return fmt.Errorf("set the slack of timers: %w", failed)
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.Setenv(begun, self); err != nil {
		return err
	}
	return fmt.Errorf("begin %s anew: %w", program, syscall.Exec(program, os.Args, os.Environ()))
}

// Current answers the slack of the calling thread's timers.
func Current() (time.Duration, error) {
	slack, _, failed := syscall.RawSyscall(syscall.SYS_PRCTL, getTimerSlack, 0, 0)
	if failed != 0 {
		return 0, fmt.Errorf("ask for the slack of timers: %w", failed)
	}
	return time.Duration(slack), nil
}
