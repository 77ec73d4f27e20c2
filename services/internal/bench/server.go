package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pulse-social/pulse/services/internal/loopback"
)

const (
	startWithin = 30 * time.Second
	stopWithin  = 30 * time.Second
)

// cpusAtOnce is the setting of Go for how many CPUs a process uses at once (https://pkg.go.dev/runtime).
const cpusAtOnce = "GOMAXPROCS"

// wholePulse is the name of a process that runs all services.
const wholePulse = "pulse"

// server is a Pulse that was started to be measured: one process, or one for each service.
type server struct {
	// urls are where each service is reached.
	urls map[string]string
	// ops are the operators' ports.
	ops       []string
	processes processes
	// names are what each process runs: a service, or all.
	names    []string
	children []*child
}

// child is one process of it.
type child struct {
	command *exec.Cmd
	done    chan error
	log     string
}

// startServer starts the program with all services in one process, or each in one of its own when split. Its environment
// is this one's, with addresses of its own and more. Each process of a split Pulse has one CPU at a time, as in Compose and as of
// values-in-cluster.yaml of the chart, unless GOMAXPROCS says otherwise.
func startServer(ctx context.Context, program, dataDir string, services []string, split bool, more []string) (*server, error) {
	s := &server{urls: map[string]string{}}
	groups := [][]string{services}
	if split {
		groups = nil
		for _, name := range services {
			groups = append(groups, []string{name})
		}
		if os.Getenv(cpusAtOnce) == "" {
			more = append(slices.Clone(more), cpusAtOnce+"=1")
		}
	}
	addresses, peers := make([]string, len(groups)), []string{}
	for i, group := range groups {
		address, err := loopback.Free()
		if err != nil {
			return nil, err
		}
		addresses[i] = address
		for _, name := range group {
			s.urls[name] = "http://" + address
			peers = append(peers, name+":"+address)
		}
	}
	for i, group := range groups {
		ops, err := loopback.Free()
		if err != nil {
			return nil, errors.Join(err, s.stop())
		}
		env := append(os.Environ(),
			"PULSE_ADDR="+addresses[i], "PULSE_OPS_ADDR="+ops, "PULSE_DATA_DIR="+dataDir,
			"PULSE_PEERS="+strings.Join(peers, ","), "PULSE_LOG_LEVEL=warn",
			// All the people of the load call from one address, and as often as they can.
			"PULSE_RATE_READ=0", "PULSE_RATE_WRITE=0", "PULSE_RATE_SIGN_IN=0", "PULSE_RATE_EXPENSIVE=0", "PULSE_RATE_ACCOUNT=0")
		env = append(env, more...)
		log := filepath.Join(dataDir, fmt.Sprintf("serve-%d.log", i))
		if err := s.start(ctx, program, log, env, append([]string{"serve"}, group...), "http://"+ops+"/readyz"); err != nil {
			return nil, errors.Join(err, s.stop())
		}
		s.ops = append(s.ops, "http://"+ops)
		if s.names = append(s.names, wholePulse); split {
			s.names[i] = group[0]
		}
	}
	return s, nil
}

// start starts one process and waits until it is ready.
func (s *server) start(ctx context.Context, program, log string, env, args []string, ready string) error {
	file, err := os.Create(log)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()                                                       // The child has its own.
	c := &child{command: exec.Command(program, args...), done: make(chan error, 1), log: log} //nolint:noctx // It is stopped in order, with SIGTERM.
	c.command.Env, c.command.Stdout, c.command.Stderr = env, file, file
	if err := c.command.Start(); err != nil {
		return fmt.Errorf("start %s: %w", strings.Join(args, " "), err)
	}
	go func() { c.done <- c.command.Wait() }()
	s.children = append(s.children, c)
	s.processes = append(s.processes, c.command.Process.Pid)
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	for !answers(ctx, ready) {
		select {
		case err := <-c.done:
			c.done <- err
			return fmt.Errorf("%s ended at its start (%w): %s", strings.Join(args, " "), err, lastLine(log))
		case <-ctx.Done():
			return fmt.Errorf("%s was not ready within %s", strings.Join(args, " "), startWithin)
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

// stop stops all processes.
func (s *server) stop() error {
	var errs []error
	for _, c := range s.children {
		_ = c.command.Process.Signal(syscall.SIGTERM) // It may have ended.
	}
	for _, c := range s.children {
		select {
		case err := <-c.done:
			errs = append(errs, err)
		case <-time.After(stopWithin):
			errs = append(errs, fmt.Errorf("process %d did not stop within %s", c.command.Process.Pid, stopWithin), c.command.Process.Kill())
		}
	}
	s.children = nil
	return errors.Join(errs...)
}

// answers tells whether a URL is answered with success.
func answers(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// heapOf answers how many bytes a process has on its heap after a collection, as its metrics say.
func heapOf(ctx context.Context, ops string) (int64, error) {
	if !answers(ctx, ops+"/debug/pprof/heap?gc=1") {
		return 0, fmt.Errorf("%s does not collect its garbage", ops)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, ops+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), "go_memstats_heap_alloc_bytes "); ok {
			bytes, err := strconv.ParseFloat(value, 64)
			return int64(bytes), err
		}
	}
	return 0, fmt.Errorf("%s/metrics does not tell the size of the heap: %w", ops, lines.Err())
}

func lastLine(file string) string {
	raw, _ := os.ReadFile(file)
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return lines[len(lines)-1]
}
