package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// clockTick is what /proc/PID/stat counts CPU time in: USER_HZ, which Linux fixes at 100 a second for all programs (proc(5)).
const clockTick = 10 * time.Millisecond

// processes are those whose CPU time and memory is counted, each with its descendants: Postgres works in children.
type processes []int

// cpu answers the CPU time used so far, that of descendants which have ended included.
func (p processes) cpu() (time.Duration, error) {
	all, err := p.withDescendants()
	if err != nil {
		return 0, err
	}
	var used time.Duration
	for _, pid := range all {
		running, err := cpuClock(pid)
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ESRCH) {
			continue // It has ended since, and is in its parent's count when that has noticed.
		}
		if err != nil {
			return 0, fmt.Errorf("CPU time of process %d: %w", pid, err)
		}
		ended, err := ofEndedChildren(pid)
		if err != nil {
			return 0, err
		}
		used += running + ended
	}
	return used, nil
}

// cpuClock reads the CPU clock of a process, which counts nanoseconds on the processor (clock_getcpuclockid(3)). The times
// in /proc/PID/stat are samples of the timer's ticks, far off for a server that works for microseconds at a time.
func cpuClock(pid int) (time.Duration, error) {
	const schedulerClock = 2
	var t unix.Timespec
	err := unix.ClockGettime(int32(^pid<<3|schedulerClock), &t)
	return time.Duration(t.Nano()), err
}

// ofEndedChildren answers the CPU time of children that a process has waited for.
func ofEndedChildren(pid int) (time.Duration, error) {
	stat, err := readStat(pid)
	if err != nil {
		return 0, nil //nolint:nilerr // It has ended since.
	}
	var ticks int64
	// cutime and cstime, counted from the state, which is the third field.
	for _, field := range stat[13:15] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/%d/stat: %w", pid, err)
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}

// resident answers how much memory is resident, in bytes. What Postgres shares among its processes is counted once a
// process.
func (p processes) resident() (int64, error) {
	all, err := p.withDescendants()
	if err != nil {
		return 0, err
	}
	var pages int64
	for _, pid := range all {
		statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
		if err != nil {
			continue // It has ended since.
		}
		fields := strings.Fields(string(statm))
		n, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/%d/statm: %w", pid, err)
		}
		pages += n
	}
	return pages * int64(os.Getpagesize()), nil
}

// quiet waits until the processes have used next to no CPU for a while: what was asked of them is done to its end.
func (p processes) quiet(ctx context.Context) error {
	const window, longest = 500 * time.Millisecond, 2 * time.Minute
	deadline := time.Now().Add(longest)
	before, err := p.cpu()
	for err == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(window):
		}
		var now time.Duration
		if now, err = p.cpu(); err != nil {
			break
		}
		// Heartbeats and timers go on, in each process; work would take more than a twentieth of a core beside them.
		if now-before <= window/20+time.Duration(len(p))*window/50 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the server was still busy %s after the load", longest)
		}
		before = now
	}
	return err
}

// readStat answers the fields of /proc/PID/stat after the name, which may hold anything.
func readStat(pid int) ([]string, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:])), nil
}

// withDescendants answers the processes and all their descendants.
func (p processes) withDescendants() ([]int, error) {
	names, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, name := range names {
		pid, _ := strconv.Atoi(filepath.Base(name))
		stat, err := readStat(pid)
		if err != nil {
			continue // It has ended since.
		}
		parent, _ := strconv.Atoi(stat[1])
		children[parent] = append(children[parent], pid)
	}
	var all []int
	next := append([]int(nil), p...)
	for len(next) > 0 {
		pid := next[0]
		all = append(all, pid)
		next = append(next[1:], children[pid]...)
	}
	return all, nil
}
