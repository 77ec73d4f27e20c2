// Package topology runs Pulse as its operators do, for tests and trials: real processes that can be killed, stopped and
// started again, on real servers.
//
// [Embedded] is one process with everything inside. [Split] is a process for each replica of each service, on Postgres,
// Redis and NATS, behind a proxy that they call each other through; the ways to Redis and NATS are links that can be
// broken.
package topology

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
)

// Options are what a topology is started with.
type Options struct {
	// Binary is the program; see [Build].
	Binary string
	// Dir is a folder for data and logs.
	Dir string
	// Env is set for every process.
	Env map[string]string
	// Servers are where a split topology finds Postgres and Redis.
	Servers Servers
	// Replicas is how many processes of a split topology run each service; 0 means two.
	Replicas int
	// Services are those that a split topology runs; nil means all.
	Services []string
	// Addr answers where a replica of a split topology serves the API, counted from 0; nil means free ports of 127.0.0.1.
	Addr func(service string, replica int) string
	// ServiceEnv is set for the processes of a service besides Env.
	ServiceEnv func(service string) map[string]string
}

// A Topology is a Pulse that runs in processes of its own.
type Topology struct {
	// Processes are all that there are.
	Processes []*Process
	// Proxy is in front of them; nil when there is one process, which is reached directly.
	Proxy *Proxy
	// NATS is the broker of a split topology.
	NATS *NATS
	// ToRedis and ToNATS are the links of a split topology.
	ToRedis, ToNATS *Link

	options  Options
	env      map[string]string
	database *database
	redis    *redis
}

// drainDelay is how long a process serves on after it has said that it stops: a few polls of the proxy.
const drainDelay = 6 * readyPoll

// connections is how many database connections a process may have: ten processes share one Postgres.
const connections = "8"

// Embedded starts one process with everything inside.
func Embedded(ctx context.Context, o Options) (*Topology, error) {
	t := &Topology{options: o, env: unlimited()}
	if o.Env["PULSE_DATABASE_URL"] != "" { // Then Pulse does not guess where pictures are kept.
		t.env["PULSE_MEDIA_URL"] = "file://" + filepath.Join(o.Dir, "media")
	}
	maps.Copy(t.env, o.Env)
	t.env["PULSE_DATA_DIR"] = filepath.Join(o.Dir, "data")
	p, err := newProcess(o.Binary, o.Dir, "pulse", "", t.env)
	if err != nil {
		return nil, err
	}
	t.Processes = []*Process{p}
	return t, t.started(ctx, t.startAll(ctx))
}

// unlimited is for people who all call from one address, as often as they can.
func unlimited() map[string]string {
	return map[string]string{
		"PULSE_RATE_READ": "0", "PULSE_RATE_WRITE": "0", "PULSE_RATE_SIGN_IN": "0", "PULSE_RATE_EXPENSIVE": "0", "PULSE_RATE_ACCOUNT": "0",
	}
}

// Split starts every service in processes of their own.
func Split(ctx context.Context, o Options) (*Topology, error) {
	if o.Replicas == 0 {
		o.Replicas = 2
	}
	t := &Topology{options: o}
	err := t.backends(ctx)
	if err == nil {
		err = t.split(ctx)
	}
	return t, t.started(ctx, err)
}

// started stops again what a start that failed has left.
func (t *Topology) started(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	return errors.Join(err, t.Stop(context.WithoutCancel(ctx)))
}

// backends makes what the processes of a split topology share.
func (t *Topology) backends(ctx context.Context) (err error) {
	if t.database, err = createDatabase(ctx, t.options.Servers.Database); err != nil {
		return err
	}
	if t.redis, err = openRedis(ctx, t.options.Servers.Redis); err != nil {
		return err
	}
	if t.NATS, err = startNATS(filepath.Join(t.options.Dir, "nats")); err != nil {
		return err
	}
	if t.ToRedis, err = newLink("redis", t.redis.server); err != nil {
		return err
	}
	if t.ToNATS, err = newLink("nats", t.NATS.address); err != nil {
		return err
	}
	t.Proxy, err = newProxy(ctx)
	return err
}

// split starts the processes and the proxy in front of them.
func (t *Topology) split(ctx context.Context) error {
	t.env = map[string]string{
		"PULSE_DATA_DIR": t.options.Dir, "PULSE_DATABASE_URL": t.database.url, "PULSE_DATABASE_MAX_CONNS": connections,
		"PULSE_MEDIA_URL": "file://" + filepath.Join(t.options.Dir, "media"),
		"PULSE_REDIS_URL": t.redis.url(t.ToRedis.address), "PULSE_NATS_URL": "nats://" + t.ToNATS.address,
		"PULSE_PEERS": "*:" + t.Proxy.Address(), "PULSE_DRAIN_DELAY": drainDelay.String(),
	}
	maps.Copy(t.env, unlimited())
	maps.Copy(t.env, t.options.Env)
	if t.options.Services == nil {
		t.options.Services = Services()
	}
	for _, service := range t.options.Services {
		for n := range t.options.Replicas {
			p, err := newProcess(t.options.Binary, t.options.Dir, fmt.Sprintf("%s-%d", service, n+1), service, t.env)
			if err != nil {
				return err
			}
			if t.options.Addr != nil {
				p.serveAt(t.options.Addr(service, n))
			}
			if t.options.ServiceEnv != nil {
				maps.Copy(p.env, t.options.ServiceEnv(service))
			}
			t.Processes = append(t.Processes, p)
		}
	}
	t.Proxy.serve(t.Processes)
	return t.startAll(ctx)
}

// startsAtOnce is how many processes start at the same time: all of two dozen together would keep two cores busy for so long
// that some no longer reach their database in time.
const startsAtOnce = 6

// startAll starts every process and waits until all are ready.
func (t *Topology) startAll(ctx context.Context) error {
	starts, starting := errgroup.WithContext(ctx)
	starts.SetLimit(startsAtOnce)
	for _, p := range t.Processes {
		starts.Go(func() error {
			if err := p.Start(nil); err != nil {
				return err
			}
			return p.WaitReady(starting)
		})
	}
	if err := starts.Wait(); err != nil {
		return err
	}
	return t.WaitRouted(ctx)
}

// WaitRouted waits until the proxy sends calls to every process.
func (t *Topology) WaitRouted(ctx context.Context) error {
	if t.Proxy == nil {
		return nil
	}
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for !t.Proxy.sendsToAll() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

func (p *Proxy) sendsToAll() bool {
	for _, replicas := range p.backends {
		for _, b := range replicas {
			if !b.ready.Load() {
				return false
			}
		}
	}
	return true
}

// URL is where the API is reached.
func (t *Topology) URL() string {
	if t.Proxy == nil {
		return t.Processes[0].URL()
	}
	return "http://" + t.Proxy.Address()
}

// Running answers the processes that run a service.
func (t *Topology) Running(service string) []*Process {
	var running []*Process
	for _, p := range t.Processes {
		if p.Service == "" || p.Service == service {
			running = append(running, p)
		}
	}
	return running
}

// Setenv changes an environment variable of every process for the next starts.
func (t *Topology) Setenv(name, value string) {
	t.env[name] = value
	for _, p := range t.Processes {
		p.Setenv(name, value)
	}
}

// Restart stops every process, calls while, and starts all again.
func (t *Topology) Restart(ctx context.Context, while func() error) error {
	stops, stopping := errgroup.WithContext(ctx)
	for _, p := range t.Processes {
		stops.Go(func() error { return p.Stop(stopping) })
	}
	if err := stops.Wait(); err != nil {
		return err
	}
	if err := while(); err != nil {
		return err
	}
	return t.startAll(ctx)
}

// FlushRedis empties the Redis of a split topology.
func (t *Topology) FlushRedis(ctx context.Context) error { return t.redis.flush(ctx) }

// Invariant is what became of one invariant, as pulse check prints it.
type Invariant struct {
	ID         string        `json:"id"`
	What       string        `json:"what"`
	Checked    int           `json:"checked"`
	Broken     int           `json:"broken"`
	Violations []string      `json:"violations"`
	Took       time.Duration `json:"took_ns"`
}

// Check runs pulse check beside the processes, which waits until all events have been consumed.
func (t *Topology) Check(ctx context.Context) ([]Invariant, error) {
	out, err := t.Command(ctx, "check", "--json")
	var invariants []Invariant
	if decoded := json.Unmarshal(out, &invariants); decoded != nil {
		return nil, errors.Join(err, decoded)
	}
	return invariants, nil // The exit code says what the answer says.
}

// Command runs a command of pulse with the configuration of the processes, and answers what it prints.
func (t *Topology) Command(ctx context.Context, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, t.options.Binary, args...)
	c.Env = environment(t.env)
	out, err := c.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("pulse %s: %w: %s", args[0], err, exit.Stderr)
	}
	return out, err
}

// Stop ends everything. Data and logs stay in the folder.
func (t *Topology) Stop(ctx context.Context) error {
	var errs []error
	for _, p := range t.Processes {
		if p.Exited() != nil {
			p.Kill()
		}
	}
	if t.Proxy != nil {
		errs = append(errs, t.Proxy.close())
	}
	for _, l := range []*Link{t.ToRedis, t.ToNATS} {
		if l != nil {
			l.Cut()
		}
	}
	if t.NATS != nil {
		t.NATS.Stop()
	}
	if t.redis != nil {
		errs = append(errs, t.redis.close(ctx))
	}
	if t.database != nil {
		errs = append(errs, t.database.drop(ctx))
	}
	return errors.Join(errs...)
}

// Logs are what all processes have logged, each line with the name of its process.
func (t *Topology) Logs() string {
	var all []byte
	for _, p := range t.Processes {
		raw, err := os.ReadFile(p.log)
		if err != nil {
			continue // One that was never started.
		}
		all = append(append(all, "== "+p.Name+"\n"...), raw...)
	}
	return string(all)
}
