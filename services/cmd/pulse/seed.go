package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/pulse-social/pulse/services/internal/edgelist"
	"github.com/pulse-social/pulse/services/internal/progress"
	"github.com/pulse-social/pulse/services/internal/seed"
)

// seedCommand loads a graph.
type seedCommand struct {
	Graph       string `required:"" placeholder:"FILE" help:"Edge list: two whole numbers a line, for two people who follow each other."`
	Posts       int    `default:"10" help:"How many posts each person writes."`
	Directed    bool   `help:"A line 'a b' says only that a follows b."`
	Password    string `default:"pulse seed password" placeholder:"PASSWORD" help:"Everybody's password (${default})."`
	Addr        string `default:"http://127.0.0.1:8080" placeholder:"URL" help:"Where Pulse serves (${default})."`
	Concurrency int    `default:"8" help:"How many calls are under way at once."`
}

// Help says more than the one line.
func (seedCommand) Help() string {
	return `Person 17 of the list becomes u17, with the address u17@example.org. In the list, # begins a comment, and a line
that comes twice or the other way around does no harm.

A run that was interrupted is finished by running it again: nothing is there twice. More --posts add to those before.

All people sign up from one address: set PULSE_RATE_SIGN_IN=0 and PULSE_RATE_WRITE=0 for the Pulse meanwhile, or it limits them.

Examples:
  pulse seed --graph friends.txt
  pulse seed --graph follows.txt --directed --posts 50 --addr https://pulse.example.org --password 'at least eight'`
}

// Run implements the command.
func (c seedCommand) Run(ctx context.Context) error {
	list, err := c.read()
	if err != nil {
		return err
	}
	plan := seed.Graph(list, c.Directed, c.Posts)
	result, err := seed.Run(ctx, seed.Options{
		Addr: c.Addr, Plan: plan, Password: c.Password, Concurrency: c.Concurrency, Progress: display(),
	})
	switch added := result.People + result.Follows + result.Posts; {
	case added == 0 && err == nil:
		fmt.Printf("nothing to add: %d people, %d follows and %d posts are there already\n", len(plan.People), len(plan.Follows), len(plan.Posts))
	case added > 0:
		fmt.Printf("added %d of %d people, %d of %d follows, %d of %d posts in %s: %.0f a second\n",
			result.People, len(plan.People), result.Follows, len(plan.Follows), result.Posts, len(plan.Posts),
			result.Took.Round(10*time.Millisecond), float64(added)/max(result.Took, time.Millisecond).Seconds())
	}
	if errors.Is(err, context.Canceled) {
		return errors.New("interrupted: run the same command again to add what is missing")
	}
	return err
}

// read reads the edge list, and refuses flags that cannot be meant.
func (c seedCommand) read() (edgelist.List, error) {
	if c.Posts < 0 {
		return edgelist.List{}, fmt.Errorf("--posts %d: give 0 or more", c.Posts)
	}
	if c.Concurrency < 1 {
		return edgelist.List{}, fmt.Errorf("--concurrency %d: give 1 or more", c.Concurrency)
	}
	file, err := os.Open(c.Graph)
	if err != nil {
		return edgelist.List{}, fmt.Errorf("--graph %s: %w", c.Graph, errors.Unwrap(err))
	}
	defer func() { _ = file.Close() }() // It is only read.
	return edgelist.Read(file, c.Graph)
}

// display shows progress on standard error.
func display() *progress.Display {
	return progress.New(os.Stderr, term.IsTerminal(int(os.Stderr.Fd())), nil)
}
