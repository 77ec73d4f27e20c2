// Package seed fills a Pulse with people, follows, posts and likes, through the API as anybody would. What is there
// already is left alone, so a run that was interrupted is finished by running it again.
package seed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"syscall"
	"time"

	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/progress"
)

const (
	// attempts is how often a call is tried: a server that is busy for a while does not end a long run.
	attempts = 10
	// pageSize is the largest page there is.
	pageSize = 100
	// reachWithin bounds the first call, which finds out whether anybody answers.
	reachWithin = 10 * time.Second
	deviceName  = "pulse seed"
)

// signInsAtOnce bounds how many passwords are under way at once. The server hashes one for each of its cores and lets
// some wait; it should have room for others.
var signInsAtOnce = 2 * runtime.NumCPU()

// Options say what to fill, and with what.
type Options struct {
	// Addr is the URL of the server.
	Addr string
	// Client are options for the clients, such as another transport.
	Client []pulse.Option
	// Plan is what the server is to hold.
	Plan Plan
	// Password is that of every person.
	Password string
	// Concurrency bounds how many calls are under way at once; it is 1 or more.
	Concurrency int
	// Progress shows how far the run has come; nil shows nothing.
	Progress *progress.Display
}

// A Result is what a run did. It is right for a run that failed, too.
type Result struct {
	// People, Follows and Posts are how many the run added; what was there before does not count.
	People, Follows, Posts int
	// Likes are how many the run made sure of.
	Likes int
	// Took is how long the run took.
	Took time.Duration
}

// Run brings the server to hold the plan. People come first, then follows, posts and likes. Nobody signs in who has
// nothing left to do. When ctx ends, calls under way are let finish within seconds, and the error is that of ctx.
func Run(ctx context.Context, o Options) (Result, error) {
	began := clock.System()
	r := newRun(o)
	defer r.pool.CloseIdleConnections()
	err := r.all(ctx)
	result := r.result()
	result.Took = clock.System().Sub(began)
	return result, err
}

// all takes the steps one after the other.
func (r *run) all(ctx context.Context) error {
	if len(r.Plan.People) == 0 {
		return nil
	}
	if err := r.reach(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{r.register, r.lookUp, r.follow, r.post, r.like} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// newRun prepares a run; clients of all people share their connections.
func newRun(o Options) *run {
	r := &run{
		Options: o, signIns: make(chan struct{}, signInsAtOnce), ids: map[*Post]int64{},
		pool: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: o.Concurrency},
	}
	for _, p := range o.Plan.People {
		r.people = append(r.people, &person{Person: p})
	}
	return r
}

// client makes a client that nobody has signed in with.
func (r *run) client(opts ...pulse.Option) (*pulse.Client, error) {
	all := []pulse.Option{pulse.WithHTTPClient(&http.Client{Transport: r.pool}), pulse.WithMaxAttempts(attempts), pulse.WithUserAgent("pulse-seed")}
	return pulse.NewClient(r.Addr, slices.Concat(all, r.Client, opts)...)
}

// reach fails at once when no Pulse answers, instead of after many attempts of many calls.
func (r *run) reach(ctx context.Context) error {
	probe, err := r.client(pulse.WithMaxAttempts(1))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	_, err = probe.Users.GetUser(ctx, &userv1.GetUserRequest{User: &userv1.GetUserRequest_Handle{Handle: r.Plan.People[0].Handle}})
	switch {
	case err == nil, pulse.ReasonOf(err) != 0:
		return nil
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing listens at %s: start `pulse serve`, or name another address with --addr", r.Addr)
	default:
		return fmt.Errorf("no Pulse answers at %s: start `pulse serve`, or name another address with --addr: %w", r.Addr, err)
	}
}
