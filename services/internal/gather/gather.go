// Package gather asks once for what several want to know at the same time.
package gather

import (
	"context"
	"sync"
	"time"
)

// linger is how long a round waits for others before it asks. Those who are woken by the same come within a moment, but not at
// the same instant: without it the first of them asks alone, and the others in two or three rounds.
const linger = 5 * time.Millisecond

// A Gatherer asks for what many goroutines want to know in rounds: those who come while a round is under way wait for the
// next, which asks for all of them. The busier it is, the more one round answers.
type Gatherer[K comparable, V any] struct {
	ask      func(context.Context, []K) (map[K]V, error)
	patience time.Duration

	mu sync.Mutex
	// next is the round that has not begun.
	next *round[K, V]
	busy bool
}

// round is what is asked for at once.
type round[K comparable, V any] struct {
	keys  []K
	done  chan struct{}
	found map[K]V
	err   error
}

// New gathers for a question that takes as long as patience at most. Keys may come more than once in one question.
func New[K comparable, V any](patience time.Duration, ask func(context.Context, []K) (map[K]V, error)) *Gatherer[K, V] {
	return &Gatherer[K, V]{ask: ask, patience: patience}
}

// Get answers what is found of the keys, and what others of the round asked for beside it. The question is asked after the call
// began, so that its answer is not older. A caller that gives up takes nothing from the others.
func (g *Gatherer[K, V]) Get(ctx context.Context, keys ...K) (map[K]V, error) {
	g.mu.Lock()
	if g.next == nil {
		g.next = &round[K, V]{done: make(chan struct{})}
	}
	mine := g.next
	mine.keys = append(mine.keys, keys...)
	if !g.busy {
		g.busy = true
		go g.rounds(context.WithoutCancel(ctx))
	}
	g.mu.Unlock()
	select {
	case <-mine.done:
		return mine.found, mine.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// rounds asks until nobody waits.
func (g *Gatherer[K, V]) rounds(ctx context.Context) {
	for {
		<-time.After(linger)
		g.mu.Lock()
		now := g.next
		g.next = nil
		g.busy = now != nil
		g.mu.Unlock()
		if now == nil {
			return
		}
		g.answer(ctx, now)
	}
}

func (g *Gatherer[K, V]) answer(ctx context.Context, r *round[K, V]) {
	ctx, cancel := context.WithTimeout(ctx, g.patience)
	defer cancel()
	r.found, r.err = g.ask(ctx, r.keys)
	close(r.done)
}
