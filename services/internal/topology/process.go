package topology

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pulse-social/pulse/services/internal/loopback"
)

const (
	// readyPoll is how often a process is asked whether it is ready.
	readyPoll = 50 * time.Millisecond
	// readyWithin is how long the answer may take: a machine that hashes fifty passwords beside twenty processes takes its time,
	// and one late answer of both replicas would be an outage.
	readyWithin = 3 * time.Second
	// startWithin bounds how long a process may take to become ready, ten at once on two cores included.
	startWithin = time.Minute
	// stopWithin bounds how long a process may take to stop: more than PULSE_STOP_TIMEOUT.
	stopWithin = 30 * time.Second
)

// A Process is a child process that runs pulse serve. Its addresses stay the same over restarts.
type Process struct {
	// Name is its own, such as post-2.
	Name string
	// Service is what it runs; empty means all services.
	Service string

	binary   string
	api, ops string
	env      map[string]string
	log      string

	mu     sync.Mutex
	cmd    *exec.Cmd
	exited chan struct{}
}

// newProcess plans a process on free ports of the loopback.
func newProcess(binary, dir, name, service string, env map[string]string) (*Process, error) {
	p := &Process{Name: name, Service: service, binary: binary, env: maps.Clone(env), log: filepath.Join(dir, name+".log")}
	var err error
	if p.api, err = loopback.Free(); err != nil {
		return nil, err
	}
	if p.ops, err = loopback.Free(); err != nil {
		return nil, err
	}
	p.env["PULSE_ADDR"], p.env["PULSE_OPS_ADDR"] = p.api, p.ops
	p.env["OTEL_SERVICE_NAME"] = strings.TrimSuffix("pulse-"+service, "-")
	return p, nil
}

// serveAt has the process serve the API at an address.
func (p *Process) serveAt(address string) { p.api, p.env["PULSE_ADDR"] = address, address }

// Addr is host and port of the API.
func (p *Process) Addr() string { return p.api }

// URL is where the process serves the API.
func (p *Process) URL() string { return "http://" + p.api }

// OpsURL is where it serves its operators.
func (p *Process) OpsURL() string { return "http://" + p.ops }

// LogFile is where it logs; a restart adds to it.
func (p *Process) LogFile() string { return p.log }

// Start starts the process without waiting until it is ready. extra is added to its environment until the next start.
func (p *Process) Start(extra map[string]string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // The child has its own.
	args := []string{"serve"}
	if p.Service != "" {
		args = append(args, p.Service)
	}
	cmd := exec.Command(p.binary, args...) //nolint:noctx // It outlives the call that starts it.
	cmd.Env, cmd.Stdout, cmd.Stderr = environment(p.env, extra), log, log
	cmd.SysProcAttr = diesWithParent()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	exited := make(chan struct{})
	p.cmd, p.exited = cmd, exited
	go func() {
		_ = cmd.Wait() // How it ended is in its state.
		close(exited)
	}()
	return nil
}

// environment is the caller's own without what configures Pulse, and what is set for the process.
func environment(sets ...map[string]string) []string {
	env := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(entry, "PULSE_") || strings.HasPrefix(entry, "OTEL_")
	})
	for _, set := range sets {
		for _, name := range slices.Sorted(maps.Keys(set)) {
			env = append(env, name+"="+set[name])
		}
	}
	return env
}

// WaitReady waits until the process is ready, and fails with the end of its log when it has exited instead.
func (p *Process) WaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for !p.Ready(ctx) {
		select {
		case <-p.Exited():
			return fmt.Errorf("%s exited at its start: %s", p.Name, p.logEnd())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w: %s", p.Name, ctx.Err(), p.logEnd())
		case <-tick.C:
		}
	}
	select {
	case <-p.Exited():
		// Whoever answered at its address, it was another.
		return fmt.Errorf("%s exited at its start: %s", p.Name, p.logEnd())
	default:
		return nil
	}
}

// Ready tells whether the process says that it is ready.
func (p *Process) Ready(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	_, err := p.askOps(ctx, http.MethodGet, "/readyz")
	return err == nil
}

// Metrics answers what the process tells Prometheus.
func (p *Process) Metrics(ctx context.Context) ([]byte, error) {
	return p.askOps(ctx, http.MethodGet, "/metrics")
}

// Fault begins a fault inside of a process that was built with the tag failpoint (see package failpoint), or ends it when
// on is empty.
func (p *Process) Fault(ctx context.Context, name, on string) error {
	_, err := p.askOps(ctx, http.MethodPost, "/debug/faults/"+name+"?on="+url.QueryEscape(on))
	return err
}

// askOps calls the operators' port; another status than 200 is an error.
func (p *Process) askOps(ctx context.Context, method, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.OpsURL()+path, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s: %s", p.Name, path, answer.Status, bytes.TrimSpace(body))
	}
	return body, err
}

// Exited is closed when the process that was started last has exited.
func (p *Process) Exited() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exited
}

// Kill ends the process with SIGKILL and waits until it is gone. One that has exited is left as it is.
func (p *Process) Kill() {
	_ = p.signal(syscall.SIGKILL) // It may have exited by itself.
	<-p.Exited()
}

// Stop asks the process to stop, waits until it has, and fails when that takes too long or its exit code is not zero.
func (p *Process) Stop(ctx context.Context) error {
	if err := p.signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop %s: %w: %s", p.Name, err, p.logEnd())
	}
	ctx, cancel := context.WithTimeout(ctx, stopWithin)
	defer cancel()
	select {
	case <-p.Exited():
	case <-ctx.Done():
		p.Kill()
		return fmt.Errorf("%s did not stop: %w", p.Name, ctx.Err())
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("%s stopped with exit code %d: %s", p.Name, code, p.logEnd())
	}
	return nil
}

// Restart stops the process, starts it again with extra in its environment, and waits until it is ready.
func (p *Process) Restart(ctx context.Context, extra map[string]string) error {
	if err := p.Stop(ctx); err != nil {
		return err
	}
	return errors.Join(p.Start(extra), p.WaitReady(ctx))
}

// Setenv changes an environment variable of the process for its next starts.
func (p *Process) Setenv(name, value string) { p.env[name] = value }

func (p *Process) signal(s syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process.Signal(s)
}

// logEndBytes is how much of a log is shown with an error.
const logEndBytes = 2000

// logEnd is the end of the log.
func (p *Process) logEnd() string {
	raw, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(raw[max(0, len(raw)-logEndBytes):]))
}
