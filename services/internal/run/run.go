// Package run starts the parts of a process in order and stops them in reverse, and knows whether the process is ready.
package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A Part is something that runs between a start and a stop.
type Part struct {
	// Name says in logs and errors what it is.
	Name string
	// Start brings the part up; when it returns nil, what comes after may rely on it.
	Start func(ctx context.Context) error
	// Stop takes the part down before ctx ends. It is called only after a successful Start.
	Stop func(ctx context.Context) error
}

// Background is a part that runs work until it is stopped. work returns soon after its context has ended.
func Background(name string, work func(ctx context.Context)) Part {
	var cancel context.CancelFunc
	var done sync.WaitGroup
	return Part{
		Name: name,
		Start: func(ctx context.Context) error {
			// The work outlives the call that starts it.
			ctx, cancel = context.WithCancel(context.WithoutCancel(ctx))
			done.Go(func() { work(ctx) })
			return nil
		},
		Stop: func(ctx context.Context) error {
			cancel()
			return wait(ctx, &done)
		},
	}
}

// wait waits for a group, but not beyond ctx.
func wait(ctx context.Context, group *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// A Process is parts that run together.
type Process struct {
	log     *slog.Logger
	started []Part
	ready   atomic.Bool
}

// NewProcess makes a process that has no parts yet.
func NewProcess(log *slog.Logger) *Process { return &Process{log: log} }

// Start starts parts one after the other, also in several goes. When one fails, all that run are stopped again.
func (p *Process) Start(ctx context.Context, parts ...Part) error {
	for _, part := range parts {
		began := time.Now()
		if part.Start != nil {
			if err := part.Start(ctx); err != nil {
				return errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
			}
		}
		p.started = append(p.started, part)
		p.log.DebugContext(ctx, "started", "part", part.Name, "took", time.Since(began))
	}
	return nil
}

// Open makes the process ready: its last part has started.
func (p *Process) Open() { p.ready.Store(true) }

// Ready tells whether all parts run and none is asked to stop.
func (p *Process) Ready() bool { return p.ready.Load() }

// Drain makes the process unready, so that nobody sends new calls, while it goes on serving.
func (p *Process) Drain() { p.ready.Store(false) }

// Stop stops all parts in reverse. Each gets the chance to, even when one before it failed.
func (p *Process) Stop(ctx context.Context) error {
	p.Drain()
	var errs []error
	for _, part := range slices.Backward(p.started) {
		if part.Stop == nil {
			continue
		}
		began := time.Now()
		if err := part.Stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", part.Name, err))
		}
		p.log.DebugContext(ctx, "stopped", "part", part.Name, "took", time.Since(began))
	}
	p.started = nil
	return errors.Join(errs...)
}
