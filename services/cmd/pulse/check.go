package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/pulse-social/pulse/services/app"
)

// checkCommand checks the invariants.
type checkCommand struct {
	JSON bool `help:"Print JSON for programs."`
}

// Help says more than the one line.
func (checkCommand) Help() string {
	return `The check waits until all events have been consumed, and then compares what was derived (timelines, counts, caches)
with what it was derived from. It changes nothing. When a Pulse runs on the data folder, that process is asked, so that its
caches are checked too; with Postgres, Redis and NATS the check works beside the processes.

The exit code is 0 when every invariant holds, and 1 otherwise.`
}

// Run implements the command.
func (c checkCommand) Run(ctx context.Context) error {
	config, _, err := app.LoadConfig(os.LookupEnv)
	if err != nil {
		return err
	}
	results, err := app.Check(ctx, config, func(what string) { fmt.Fprintln(os.Stderr, what) })
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(os.Stdout).Encode(results)
	} else {
		err = printResults(results)
	}
	if err != nil {
		return err
	}
	for _, r := range results {
		if !r.OK() {
			return errors.New("invariants are broken")
		}
	}
	return nil
}

func printResults(results []app.CheckResult) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "INVARIANT\tHOLDS\tCHECKED\tTOOK\tWHAT")
	for _, r := range results {
		holds := "yes"
		if !r.OK() {
			holds = "NO"
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\n", r.ID, holds, r.Checked, r.Took.Round(time.Millisecond), r.What)
		for _, violation := range r.Violations {
			fmt.Fprintf(table, "\t\t\t\t- %s\n", violation)
		}
	}
	return table.Flush()
}
