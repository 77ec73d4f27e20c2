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

	"github.com/pulse-social/pulse/services/cmd/pulse/timerslack"
	"github.com/pulse-social/pulse/services/internal/testmain"
)

// asProgram makes the test's own binary be a program that tells what slack a thread of its gets, and whether it can be widened again.
const asProgram = "PULSE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "" {
		testmain.Run(m)
		return
	}
	fmt.Println(os.Getpid(), os.Args[1:])
	fmt.Println(ofNewThread())
	fmt.Println(timerslack.Widen(2 * timerslack.Wide))
}

// ofNewThread answers the slack of a thread that the runtime makes.
func ofNewThread() (slack time.Duration, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	done := make(chan struct{})
	go func() {
		defer close(done)
		slack, err = timerslack.Current()
	}()
	<-done
	return slack, err
}

func TestAProgramBeginsAnewOnce(t *testing.T) {
	t.Parallel()
	usual, err := timerslack.Current()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want []string // after the first line
	}{
		// It begins anew before it says anything.
		{[]string{"serve", "two words"}, []string{"4ms <nil>", "the slack of timers is 4ms after beginning anew"}},
		// For others it is not worth it; asked to, it begins anew after what it has said.
		{[]string{"version"}, []string{usual.String() + " <nil>", "%s", "8ms <nil>", "<nil>"}},
	} {
		command := exec.CommandContext(t.Context(), os.Args[0], c.args...)
		command.Env = append(os.Environ(), asProgram+"=1")
		command.Stderr = t.Output()
		out, err := command.Output()
		if err != nil {
			t.Fatal(err)
		}
		first := fmt.Sprintf("%d %v", command.Process.Pid, c.args)
		want := []string{first}
		for _, line := range c.want {
			want = append(want, strings.Replace(line, "%s", first, 1))
		}
		if got := strings.Split(strings.TrimSpace(string(out)), "\n"); !slices.Equal(got, want) {
			t.Errorf("%v said:\n%s\nwant:\n%s", c.args, out, strings.Join(want, "\n"))
		}
	}
}
