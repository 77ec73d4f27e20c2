// Command trial tries what Pulse promises under faults. It is for those who work on Pulse; see `task trial`.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"

	"github.com/pulse-social/pulse/services/internal/topology"
	"github.com/pulse-social/pulse/services/internal/trial"
)

const description = `Tries what Pulse promises under faults: starts real processes, makes calls at a rate and logs each, does the fault,
and compares what is served afterwards with what clients were answered. A trial with the same seed draws the same.

Examples:
  task trial -- F6 --seed 42
  task trial -- F3 F4 --topology embedded,split --duration 30s --fault-for 60s

Faults: F0 nothing; F1 SIGKILL at each failpoint; F3 Redis loses everything; F4 Redis down, then silent; F5 NATS down;
F6 NATS loses its store; F13 a consumer that always fails for one post; F14 messages three times, shuffled and late;
F15 ten restarts under 300 calls a second; STREAM a thousand broken connections and ten SIGKILLs below everybody's stream.

A split topology needs Postgres and Redis, which .tools/with-backends.sh starts. The exit code is 1 when a promise is broken.`

// command is the command line.
type command struct {
	Faults   []string      `arg:"" optional:"" name:"fault" help:"Faults to try; none means all."`
	Topology []string      `help:"embedded, split, or both with a comma." default:"embedded"`
	Seed     uint64        `help:"Seed of all that is drawn; 0 draws one."`
	Duration time.Duration `help:"How long calls are made, at least." default:"20s"`
	FaultFor time.Duration `help:"How long a fault lasts." default:"4s"`
	Rate     int           `help:"Calls a second; 0 means what the fault asks for."`
	Streams  bool          `help:"Have everybody subscribe and talk in groups besides, and compare what they are told: with F5, F6, F15 and so on."`
	JSON     bool          `help:"Print a JSON object a trial for programs."`
	Keep     bool          `help:"Keep the folders of trials that kept every promise too."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c command
	kong.Parse(&c, kong.Name("trial"), kong.Description(description))
	if err := c.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "trial:", err)
		stop()
		os.Exit(1)
	}
}

// run makes all trials, one after the other.
func (c command) run(ctx context.Context) error {
	if c.Seed == 0 {
		c.Seed = rand.Uint64N(1 << 32) //nolint:gosec // It is printed.
	}
	fmt.Fprintln(os.Stderr, "seed", c.Seed)
	dir, err := os.MkdirTemp("", "pulse-trial-")
	if err != nil {
		return err
	}
	binary, err := topology.Build(ctx, dir, "failpoint")
	if err != nil {
		return err
	}
	faults := c.Faults
	if len(faults) == 0 {
		faults = trial.Faults()
	}
	var reports []trial.Report
	var errs []error
	for _, where := range c.Topology {
		for _, fault := range faults {
			report, err := c.try(ctx, dir, binary, where, fault)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s on %s: %w", fault, where, err))
				continue
			}
			reports = append(reports, report)
		}
	}
	if err := c.print(reports); err != nil {
		return err
	}
	for _, r := range reports {
		if len(r.Broken) > 0 {
			errs = append(errs, fmt.Errorf("%s on %s broke promises; data and logs are in %s", r.Fault, r.Topology, folder(dir, r.Topology, r.Fault)))
		}
	}
	if len(errs) == 0 && !c.Keep {
		return os.RemoveAll(dir)
	}
	return errors.Join(errs...)
}

func folder(dir, where, fault string) string { return filepath.Join(dir, where+"-"+fault) }

// try makes one trial.
func (c command) try(ctx context.Context, dir, binary, where, fault string) (trial.Report, error) {
	o := trial.Options{
		Fault: fault, Topology: where, Seed: c.Seed, Duration: c.Duration, FaultFor: c.FaultFor, Rate: c.Rate, Streams: c.Streams,
		Binary: binary, Dir: folder(dir, where, fault),
	}
	began := time.Now()
	o.Progress = func(what string) {
		fmt.Fprintf(os.Stderr, "%s %s %5.1fs  %s\n", where, fault, time.Since(began).Seconds(), what)
	}
	switch where {
	case trial.Embedded:
	case trial.Split:
		var found bool
		if o.Servers, found = topology.ServersFromEnvironment(); !found {
			return trial.Report{}, errors.New("PULSE_TEST_DATABASE_URL and PULSE_TEST_REDIS_URL are not set: run it under .tools/with-backends.sh")
		}
	default:
		return trial.Report{}, fmt.Errorf("--topology=%s: use embedded or split", where)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return trial.Report{}, err
	}
	return trial.Run(ctx, o)
}

// print prints a line for each trial, and below it what was broken.
func (c command) print(reports []trial.Report) error {
	if c.JSON {
		encoder := json.NewEncoder(os.Stdout)
		for _, r := range reports {
			if err := encoder.Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FAULT\tTOPOLOGY\tSEED\tCALLS\tA SECOND\tOK\tFAILED\tUNKNOWN\tRECOVERED\tSETTLED\tINVARIANTS")
	for _, r := range reports {
		invariants := "hold"
		if len(r.Broken) > 0 {
			invariants = strconv.Itoa(len(r.Broken)) + " broken"
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%.0f\t%d\t%d\t%d\t%s\t%s\t%s\n", r.Fault, r.Topology, r.Seed, r.Calls, r.Rate, r.OK, r.Failed, r.Unknown,
			r.Recovered.Round(time.Millisecond), r.Settled.Round(time.Millisecond), invariants)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range reports {
		for _, broken := range r.Broken {
			fmt.Printf("%s on %s: %s\n", r.Fault, r.Topology, strings.ReplaceAll(broken, "\n", " "))
		}
	}
	return nil
}
