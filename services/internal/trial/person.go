package trial

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"connectrpc.com/connect/v2"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

// callTimeout is how long a client waits for an answer. Nothing that Pulse waits for itself takes as long.
const callTimeout = 10 * time.Second

// A person is one client, which makes one call at a time and knows what became of each.
type person struct {
	*pulse.Client
	handle, password string
	id               int64
	draw             *rand.Rand
	history          *history
	others           []*person
	first            []int64 // the posts that were there before the trial
	written, made    int64   // posts and calls so far

	posts    map[string]*post
	likes    map[int64]*relation
	follows  map[int64]*relation
	sessions []*session
	pending  []*mutation
	// newest is the id of the newest post that was answered ok, newestAt when.
	newest   int64
	newestAt time.Time
}

// post is something that the person wrote, by its text, which is unique.
type post struct {
	outcome outcome
	id      int64
	reply   bool
}

// relation is a like or a follow as it was acknowledged last.
type relation struct {
	on bool
	// unsure is set for good when a change had no answer to the end: it may still have happened, at any time since.
	unsure bool
	// busy is set while a change waits for its repetition.
	busy bool
	// kept is set when it is to stay as it is.
	kept bool
}

// session is one that the person has besides the client's own.
type session struct {
	tokens *identityv1.Tokens
	busy   bool
	// ended is set when the end was acknowledged.
	ended bool
}

// mutation is a call that changes something, under an idempotency key of its own.
type mutation struct {
	kind, key string
	token     string
	do        func(context.Context) error
	done      func(outcome, error)
}

// newPerson makes a client of the Pulse at url that attempts each call so often.
func newPerson(n int, seed uint64, url string, attempts int, pool *http.Client, h *history) (*person, error) {
	p := &person{
		handle: fmt.Sprintf("p%d", n), password: fmt.Sprintf("trial password %d", n), history: h,
		draw:  rand.New(rand.NewPCG(seed, uint64(n))), //nolint:gosec // It is to be repeated, not to be secret.
		posts: map[string]*post{}, likes: map[int64]*relation{}, follows: map[int64]*relation{},
	}
	var err error
	p.Client, err = pulse.NewClient(url, pulse.WithMaxAttempts(attempts), pulse.WithHTTPClient(pool))
	return p, err
}

// call makes a call, with a token of its own if there is one, and tells what became of it.
func (p *person) call(ctx context.Context, kind, key, token string, do func(context.Context) error) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	ctx, info := connect.NewClientContext(ctx)
	if key != "" {
		info.RequestHeader().Set("Idempotency-Key", key)
	}
	if token != "" {
		info.RequestHeader().Set("Authorization", "Bearer "+token)
	}
	p.made++
	number := p.history.invoked(p.handle, kind, key)
	err := do(ctx)
	o := outcomeOf(err)
	p.history.ended(number, p.handle, kind, o, err)
	if pulse.ReasonOf(err) == errorsv1.Reason_REASON_INTERNAL {
		p.history.breaks("%s of %s was answered with an internal error, call %d", kind, p.handle, number)
	}
	return o, err
}

// outcomeOf tells what a client knows after an error. Only what the server refused has certainly not happened.
func outcomeOf(err error) outcome {
	if err == nil {
		return ok
	}
	if pulse.ReasonOf(err) == errorsv1.Reason_REASON_OVERLOADED {
		return unknown // A process that waits for what is down takes on no more; whoever called may call again.
	}
	switch connect.CodeOf(err) {
	case connect.CodeInvalidArgument, connect.CodeNotFound, connect.CodeAlreadyExists, connect.CodePermissionDenied,
		connect.CodeUnauthenticated, connect.CodeFailedPrecondition, connect.CodeResourceExhausted, connect.CodeAborted:
		return failed
	default:
		return unknown
	}
}

// read makes a call that changes nothing, and answers whether it was answered.
func (p *person) read(ctx context.Context, kind string, do func(context.Context) error) bool {
	o, err := p.call(ctx, kind, "", "", do)
	p.expectNoRefusal(kind, o, err)
	return o == ok
}

// mutate makes a call that changes something. When it stays unknown, half of the time it is kept, to be repeated with the
// same key until it has an answer.
func (p *person) mutate(ctx context.Context, kind string, do func(context.Context) error, done func(outcome, error)) {
	p.attempt(ctx, &mutation{kind: kind, key: p.newKey(), do: do, done: done}, p.draw.IntN(2) == 0)
}

func (p *person) attempt(ctx context.Context, m *mutation, repeat bool) {
	o, err := p.call(ctx, m.kind, m.key, m.token, m.do)
	if o == unknown && repeat {
		p.pending = append(p.pending, m)
		return
	}
	m.done(o, err)
}

// repeat makes the oldest of the kept calls again.
func (p *person) repeat(ctx context.Context) {
	if len(p.pending) == 0 {
		return
	}
	m := p.pending[0]
	p.pending = p.pending[1:]
	p.attempt(ctx, m, true)
}

// finish repeats kept calls until all have an answer, or until ctx ends.
func (p *person) finish(ctx context.Context) {
	for len(p.pending) > 0 && ctx.Err() == nil {
		p.repeat(ctx)
	}
	for _, m := range p.pending {
		m.done(unknown, ctx.Err())
	}
	p.pending = nil
}

// newKey draws an idempotency key; it is the same when a trial is repeated.
func (p *person) newKey() string {
	return fmt.Sprintf("%016x%016x", p.draw.Uint64(), p.draw.Uint64())
}

// expectNoRefusal notes that something was refused that is always allowed.
func (p *person) expectNoRefusal(kind string, o outcome, err error) {
	if o == failed {
		p.history.breaks("%s of %s was refused: %v", kind, p.handle, err)
	}
}
