package timerslack_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pulse-social/pulse/services/internal/testmain"
	"github.com/pulse-social/pulse/services/internal/timerslack"
)

// asProgram makes the test's own binary be a program that widens its slack twice, and tells of it.
const asProgram = "PULSE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "" {
		testmain.Run(m)
		return
	}
	fmt.Println(os.Getpid(), os.Args[1:])
	if err := timerslack.Widen(timerslack.Wide); err != nil {
		fmt.Println(err)
	}
	fmt.Println(ofNewThread())
	fmt.Println(timerslack.Widen(2 * timerslack.Wide))
}

// ofNewThread answers the slack of a thread that the runtime makes.
func ofNewThread() time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	answer := make(chan int)
	go func() {
		slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
		if err != nil {
			fmt.Println(err)
		}
		answer <- slack
	}()
	return time.Duration(<-answer)
}

func TestAProgramBeginsAnewWithTheSlackOnce(t *testing.T) {
	t.Parallel()
	c := exec.CommandContext(t.Context(), os.Args[0], "one", "two words")
	c.Env = append(os.Environ(), asProgram+"=1")
	c.Stderr = t.Output()
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	began := fmt.Sprintf("%d [one two words]", c.Process.Pid)
	want := []string{began, began, "1ms", "the slack of timers is 1ms after beginning anew"}
	if got := strings.Split(strings.TrimSpace(string(out)), "\n"); !slices.Equal(got, want) {
		t.Errorf("the program said:\n%s\nwant:\n%s", out, strings.Join(want, "\n"))
	}
}
