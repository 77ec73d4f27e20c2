package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/pulse-social/pulse/services/internal/smoke"
)

// smokeCommand tries a Pulse that runs.
type smokeCommand struct {
	Addr   string        `default:"http://127.0.0.1:8080" placeholder:"URL" help:"Where Pulse or its gateway serves (${default})."`
	Within time.Duration `default:"10s" help:"How long a post may take to be seen by followers (${default})."`

	For      time.Duration `help:"Write posts for so long instead, and look for each of them in the end."`
	Rate     float64       `default:"50" help:"With --for: how many posts a second (${default})."`
	Authors  int           `default:"5" help:"With --for: how many people write (${default}); PULSE_RATE_SIGN_IN of the Pulse bounds how many sign up."`
	Patience time.Duration `default:"60s" help:"With --for: how long a failed call is repeated (${default})."`
	Strict   bool          `help:"With --for: fail also when a call had to be repeated."`
	JSON     bool          `help:"With --for: print JSON for programs."`
}

// Help says more than the one line.
func (smokeCommand) Help() string {
	return `Two new people sign up, one follows the other, who posts; the post is seen, liked, and read in every way there is; then
one logs out. A line is printed for each step, and the exit code is 1 at the first that fails. The people and the post stay.

With --for new people write posts at a rate and read their home timelines, whatever happens to the Pulse meanwhile: calls
that fail are made again with the same idempotency key. In the end every acknowledged post has to be in its author's
timeline, in a follower's home timeline and in what their stream told exactly once, and every call answered; else the exit
code is 1.

Examples:
  pulse smoke --addr https://pulse.example.org
  pulse smoke --for 60s --rate 50`
}

// Run implements the command.
func (c smokeCommand) Run(ctx context.Context) error {
	o := smoke.Options{Addr: c.Addr, Within: c.Within, Say: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }}
	if c.For == 0 {
		return smoke.Run(ctx, o)
	}
	switch {
	case c.For < time.Second:
		return fmt.Errorf("--for %s: give a second or more", c.For)
	case c.Rate <= 0 || c.Rate > 10_000:
		return fmt.Errorf("--rate %g: give more than 0, at most 10000", c.Rate)
	case c.Authors < 1 || c.Authors > 1000:
		return fmt.Errorf("--authors %d: give 1 to 1000", c.Authors)
	}
	report, err := smoke.Load(ctx, smoke.LoadOptions{Options: o, For: c.For, Rate: c.Rate, Authors: c.Authors, Patience: c.Patience})
	if err != nil {
		return err
	}
	if err := c.print(report); err != nil {
		return err
	}
	if err := report.Err(); err != nil {
		return err
	}
	if c.Strict && report.FailedCalls() > 0 {
		return errors.New("calls had to be repeated")
	}
	return nil
}

func (c smokeCommand) print(r smoke.Report) error {
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	fmt.Printf("posts          %d, acknowledged %d, lost %d, twice %d\n", r.Posts, r.Acknowledged, len(r.Lost), len(r.Twice))
	fmt.Printf("calls          %d, failed and repeated %d %v, refused or never answered %d\n", r.Calls, r.FailedCalls()-len(r.Refused), r.Failed, len(r.Refused))
	fmt.Printf("streams        %d, one after the other\n", r.Streams)
	fmt.Printf("longest call   %s with its repetitions\n", r.Longest.Round(time.Millisecond))
	fmt.Printf("longest outage %s without an answer\n", r.Outage.Round(time.Millisecond))
	return nil
}
