// Package trial tries what Pulse promises under faults: real processes, a workload through the public API whose every
// call is logged, a fault at a drawn time, and then a comparison of what is served with what clients were answered.
//
// The seed decides who calls what, in which order, and when the fault is; what the machine makes of it is its own.
package trial

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pulse-social/pulse/services/internal/topology"
)

// The topologies.
const (
	Embedded = "embedded"
	Split    = "split"
)

// Options say what is tried.
type Options struct {
	// Fault is the id of one of [Faults].
	Fault string
	// Topology is [Embedded] or [Split].
	Topology string
	// Seed decides what is drawn.
	Seed uint64
	// Duration is how long calls are made, at least.
	Duration time.Duration
	// FaultFor is how long a fault that lasts does.
	FaultFor time.Duration
	// Rate is how many calls a second are made; 0 means what the fault asks for.
	Rate int
	// Streams has everybody subscribe and talk in groups besides, and compares what they were told with what was said.
	Streams bool
	// Binary is pulse, built with the tag failpoint.
	Binary string
	// Dir is a folder for data and logs.
	Dir string
	// Servers are where a split topology finds Postgres and Redis.
	Servers topology.Servers
	// Progress is told what is being done.
	Progress func(string)
}

// A Report is what became of a trial.
type Report struct {
	Fault    string `json:"fault"`
	Topology string `json:"topology"`
	Seed     uint64 `json:"seed"`
	// Rate is how many calls a second there were.
	Rate float64 `json:"rate"`
	// Calls are those of the workload, by what the clients knew after each.
	Calls   int64 `json:"calls"`
	OK      int   `json:"ok"`
	Failed  int   `json:"failed"`
	Unknown int   `json:"unknown"`
	// Recovered is how long after the end of the fault the last call failed and the outbox was empty.
	Recovered time.Duration `json:"recovered_ns"`
	// Settled is how long after the last call the last event was consumed.
	Settled time.Duration `json:"settled_ns"`
	// Broken are the promises that were not kept.
	Broken []string `json:"broken,omitempty"`
	// Errors are the errors that calls had, and how often.
	Errors map[string]int `json:"errors,omitempty"`
}

const (
	// people is how many clients there are.
	people = 50
	// firstPosts and firstFollows is what each has before the fault.
	firstPosts   = 3
	firstFollows = 4
	// defaultRate is the load of faults that do not ask for another.
	defaultRate = 200
	// patience bounds every wait for what has to come.
	patience = 90 * time.Second
)

// run is a trial that runs.
type run struct {
	options  Options
	fault    fault
	topology *topology.Topology
	pool     *http.Client
	history  *history
	people   []*person
	draw     *rand.Rand
	streams  *streams
	report   Report
}

// Run makes a trial. An error means that it could not be made; what is broken is in the report.
func Run(ctx context.Context, o Options) (Report, error) {
	f, known := faultOf(o.Fault)
	if !known {
		return Report{}, fmt.Errorf("there is no fault %q: choose from %v", o.Fault, Faults())
	}
	if o.Rate == 0 {
		o.Rate = cmp.Or(f.rate, defaultRate)
	}
	calls, err := os.Create(filepath.Join(o.Dir, "calls.jsonl"))
	if err != nil {
		return Report{}, err
	}
	r := &run{
		options: o, fault: f, history: newHistory(calls), pool: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: people}},
		draw:   rand.New(rand.NewPCG(o.Seed, 0)), //nolint:gosec // It is to be repeated, not to be secret.
		report: Report{Fault: o.Fault, Topology: o.Topology, Seed: o.Seed},
	}
	err = errors.Join(r.all(ctx), calls.Close())
	return r.report, err
}

// all starts Pulse, tries it, and stops it.
func (r *run) all(ctx context.Context) (err error) {
	r.options.Progress("start")
	o := topology.Options{Binary: r.options.Binary, Dir: r.options.Dir, Env: r.fault.env, Servers: r.options.Servers}
	if r.options.Topology == Split {
		r.topology, err = topology.Split(ctx, o)
	} else {
		r.topology, err = topology.Embedded(ctx, o)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.topology.Stop(context.WithoutCancel(ctx))) }()
	r.options.Progress("make people")
	if err := r.populate(ctx); err != nil {
		return err
	}
	if err := r.loadWithStreams(ctx); err != nil {
		return err
	}
	r.options.Progress("verify")
	err = r.verify(ctx)
	h := r.history
	r.report.Broken, r.report.Errors = append(r.report.Broken, h.broken...), h.errs
	return err
}

// loadWithStreams makes calls, and has people listen meanwhile if they are to.
func (r *run) loadWithStreams(ctx context.Context) (err error) {
	if !r.options.Streams && !r.fault.streams {
		return r.load(ctx)
	}
	r.streams, err = r.openStreams(ctx)
	if err == nil {
		err = r.load(ctx)
	}
	return errors.Join(err, r.streams.end(context.WithoutCancel(ctx)))
}

// load makes calls while the fault comes and goes.
func (r *run) load(ctx context.Context) error {
	working, stop := context.WithCancel(ctx)
	defer stop()
	var work errgroup.Group
	pace := time.Second * people / time.Duration(r.options.Rate)
	for _, p := range r.people {
		work.Go(func() error { p.work(working, pace); return nil })
	}
	began := time.Now()
	err := r.disturb(ctx)
	stop()
	_ = work.Wait() // No person fails.
	h := r.history
	r.report.Rate = float64(h.calls) / time.Since(began).Seconds()
	r.report.Calls, r.report.OK, r.report.Failed, r.report.Unknown = h.calls, h.outcomes[ok], h.outcomes[failed], h.outcomes[unknown]
	if err != nil {
		return err
	}
	r.options.Progress("repeat what had no answer")
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, p := range r.people {
		p.finish(ctx)
	}
	return nil
}

// disturb has the fault come at a drawn time, and waits until calls succeed again.
func (r *run) disturb(ctx context.Context) error {
	began := time.Now()
	before := r.options.Duration/5 + time.Duration(r.draw.Int64N(int64(r.options.Duration/5)))
	if err := sleep(ctx, before); err != nil {
		return err
	}
	r.options.Progress("fault " + r.fault.id + ": " + r.fault.what)
	if err := r.fault.do(ctx, r); err != nil {
		return fmt.Errorf("fault %s: %w", r.fault.id, err)
	}
	over := time.Now()
	r.options.Progress("recover")
	if err := r.waitDrained(ctx, over); err != nil {
		return err
	}
	drained := time.Since(over)
	if err := sleep(ctx, max(r.options.Duration-time.Since(began), r.options.Duration/5)); err != nil {
		return err
	}
	r.report.Recovered = max(drained, r.history.lastUnhappy().Sub(over), 0)
	if r.fault.noFailures && r.history.unsuccessful() > 0 {
		r.history.breaks("%d calls did not succeed", r.history.unsuccessful())
	}
	return nil
}

// sleep lets time pass.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// poll is how often a condition is looked at.
const poll = 50 * time.Millisecond

// until waits for a condition.
func until(ctx context.Context, what string, condition func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("waited %s in vain until %s", patience, what))
	defer cancel()
	for {
		holds, err := condition(ctx)
		if holds || err != nil && ctx.Err() == nil {
			return err
		}
		if sleep(ctx, poll) != nil {
			return context.Cause(ctx)
		}
	}
}

// waitDrained waits until no event waits to be published that happened before a time. Others always do: calls go on.
func (r *run) waitDrained(ctx context.Context, before time.Time) error {
	return until(ctx, "the outbox has nothing from before", func(ctx context.Context) (bool, error) {
		asked := time.Now()
		metrics, err := r.topology.Processes[0].Metrics(ctx)
		if err != nil {
			return false, err
		}
		age, err := oldestWaiting(metrics)
		return asked.Add(-age).After(before), err
	})
}

// oldestWaiting reads from metrics how long ago the oldest event happened that waits to be published, 0 when none does.
func oldestWaiting(metrics []byte) (time.Duration, error) {
	const name = "\npulse_outbox_oldest_age_seconds "
	_, rest, found := bytes.Cut(metrics, []byte(name))
	if !found {
		return 0, errors.New("the metrics do not say how old the oldest event in the outbox is")
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	seconds, err := strconv.ParseFloat(string(line), 64)
	return time.Duration(seconds * float64(time.Second)), err
}
