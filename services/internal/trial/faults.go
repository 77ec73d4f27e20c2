package trial

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/pulse-social/pulse/services/internal/topology"
)

// fault is something that is done to a Pulse.
type fault struct {
	id, what string
	// do begins the fault, lets it last, and ends it.
	do func(ctx context.Context, r *run) error
	// env is set for every process.
	env map[string]string
	// rate is how many calls a second the fault asks for, 0 the default.
	rate int
	// attempts is how often clients attempt a call, by topology; once when it is not said.
	attempts map[string]int
	// noFailures says that no call may fail.
	noFailures bool
	// streams says that everybody listens.
	streams bool
}

// faults are all that there are; RELIABILITY's numbers.
var faults = []fault{
	{id: "F0", what: "nothing", do: func(context.Context, *run) error { return nil }, noFailures: true},
	{id: "F1", what: "SIGKILL at each failpoint", do: killAtFailpoints},
	{id: "F3", what: "Redis loses everything", do: flushRedis},
	{id: "F4", what: "Redis is down, then takes connections and never answers", do: breakRedis},
	{id: "F5", what: "NATS is down", do: stopNATS},
	{id: "F6", what: "NATS is stopped, its store deleted, started again", do: loseNATS},
	{
		id: "F13", what: "a consumer always fails for one post", do: failConsumer,
		env: map[string]string{"PULSE_EVENT_TRIES": "3", "PULSE_EVENT_RETRY_DELAY": "50ms"},
	},
	{id: "F14", what: "every message three times, shuffled, ten minutes late", do: repeatMessages},
	{
		id: "F15", what: "ten restarts under 300 calls a second", do: restart, rate: 300, noFailures: true,
		// One process alone is away while it restarts; its clients come back.
		attempts: map[string]int{Embedded: restartAttempts},
	},
	{
		id: "STREAM", what: "1,000 connections of streams break, and ten processes are killed", do: breakStreams, streams: true, rate: 20,
		env: map[string]string{"PULSE_REDIS_TIMEOUT": "5s"}, // A machine that is busy with all that is no Redis that is down.
	},
}

// restartAttempts lets clients of a process that restarts wait for about as long as it takes.
const restartAttempts = 8

// Faults lists the ids of all faults.
func Faults() []string {
	ids := make([]string, len(faults))
	for i, f := range faults {
		ids[i] = f.id
	}
	return ids
}

func faultOf(id string) (fault, bool) {
	for _, f := range faults {
		if f.id == id {
			return f, true
		}
	}
	return fault{}, false
}

// last lets a fault last as long as it is to.
func (r *run) last(ctx context.Context) error { return sleep(ctx, r.options.FaultFor) }

// everywhere begins a fault inside of each process, or ends it when on is empty.
func (r *run) everywhere(ctx context.Context, name, on string) error {
	var errs []error
	for _, p := range r.topology.Processes {
		errs = append(errs, p.Fault(ctx, name, on))
	}
	return errors.Join(errs...)
}

// during has a fault inside of each process for as long as do takes.
func (r *run) during(ctx context.Context, name, on string, do func(context.Context) error) error {
	return errors.Join(r.everywhere(ctx, name, on), do(ctx), r.everywhere(ctx, name, ""))
}

func (r *run) split() bool { return r.options.Topology == Split }

// flushes is how often Redis loses everything.
const flushes = 5

func flushRedis(ctx context.Context, r *run) error {
	for range flushes {
		var err error
		if r.split() {
			err = r.topology.FlushRedis(ctx)
		} else {
			err = r.everywhere(ctx, "redis.flush", "now")
		}
		if err != nil {
			return err
		}
		if err := sleep(ctx, time.Duration(r.draw.Int64N(int64(2*r.options.FaultFor/flushes)))); err != nil {
			return err
		}
	}
	return nil
}

func breakRedis(ctx context.Context, r *run) error {
	if !r.split() {
		return errors.Join(r.during(ctx, "redis.down", "now", r.last), r.during(ctx, "redis.hang", "now", r.last))
	}
	link := r.topology.ToRedis
	link.Cut()
	if err := errors.Join(r.last(ctx), link.Join(), link.Silence()); err != nil {
		return err
	}
	return errors.Join(r.last(ctx), link.Speak(ctx))
}

func stopNATS(ctx context.Context, r *run) error {
	if !r.split() {
		return r.during(ctx, "nats.down", "now", r.last)
	}
	r.topology.NATS.Stop()
	return errors.Join(r.last(ctx), r.topology.NATS.Start())
}

func loseNATS(ctx context.Context, r *run) error {
	away := func(ctx context.Context) error {
		return sleep(ctx, time.Duration(r.draw.Int64N(int64(r.options.FaultFor))))
	}
	if !r.split() {
		return r.during(ctx, "nats.lose", "now", away)
	}
	r.topology.NATS.Stop()
	return errors.Join(r.topology.NATS.LoseStore(), away(ctx), r.topology.NATS.Start())
}

// late is by how much messages are late.
const late = "10m"

func repeatMessages(ctx context.Context, r *run) error {
	return r.during(ctx, "publish.repeat", "now", func(ctx context.Context) error {
		err := r.during(ctx, "relay.hold", "now", func(ctx context.Context) error {
			return errors.Join(r.last(ctx), r.everywhere(ctx, "clock.shift", late))
		})
		return errors.Join(err, r.last(ctx))
	})
}

// restarts is how many processes are restarted, one after the other.
const restarts = 10

func restart(ctx context.Context, r *run) error {
	for n := range restarts {
		p := r.topology.Processes[n%len(r.topology.Processes)]
		if err := p.Restart(ctx, nil); err != nil {
			return err
		}
		if err := r.topology.WaitRouted(ctx); err != nil {
			return err
		}
		if err := r.answered(ctx); err != nil {
			return err
		}
	}
	return nil
}

// answered waits until the calls have ended that are being made. One process alone would else be away again before those who waited
// for it have come back.
func (r *run) answered(ctx context.Context) error {
	waited := r.history.waiting()
	return until(ctx, "those who waited are answered", func(context.Context) (bool, error) {
		now := r.history.waiting()
		maps.DeleteFunc(waited, func(call int64, _ bool) bool { return !now[call] })
		return len(waited) == 0, nil
	})
}

// victim draws a process that runs a service.
func (r *run) victim(service string) *topology.Process {
	running := r.topology.Running(service)
	return running[r.draw.IntN(len(running))]
}
