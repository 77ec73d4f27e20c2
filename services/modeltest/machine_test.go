package modeltest_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// people is how many take part in a walk.
const people = 6

// compareEvery is how many steps lie between two comparisons of everything.
const compareEvery = 20

// TestEverybodysViewIsTheModels has people do random things, and compares what everybody sees with the model. Each walk has
// people, words and tags of its own, in a Pulse that all share.
func TestEverybodysViewIsTheModels(t *testing.T) {
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_TIMELINE_MERGE_FOLLOWERS", "4"))
	var walks, steps atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		m := newMachine(t, rt, p, walks.Add(1))
		actions := m.actions()
		actions[""] = func(rt *rapid.T) {
			steps.Add(1)
			m.look(rt)
		}
		rt.Repeat(actions)
		m.compare(rt)
	})
	t.Logf("%d steps in %d walks", steps.Load(), walks.Load())
}

// machine does the same to Pulse and to the model.
type machine struct {
	*model
	t       *testing.T
	pulse   *pulsetest.Pulse
	users   []*pulsetest.User
	visitor *pulse.Client
	// walk makes names of its own.
	walk  int64
	steps int
}

func newMachine(t *testing.T, rt *rapid.T, p *pulsetest.Pulse, walk int64) *machine {
	m := &machine{model: newModel(people), t: t, pulse: p, walk: walk, visitor: p.Client(t)}
	for n := range people {
		m.users = append(m.users, p.User(t, m.handle(n)))
	}
	return m
}

func (m *machine) handle(n int) string { return fmt.Sprintf("p%d_%d", n, m.walk) }

// client answers the client of a viewer.
func (m *machine) client(viewer int) *pulse.Client {
	if viewer == nobody {
		return m.visitor
	}
	return m.users[viewer].Client
}

// someone draws a person.
func someone(rt *rapid.T, what string) int { return rapid.IntRange(0, people-1).Draw(rt, what) }

// somePost draws a post, deleted ones included, and gives the step up when there is none.
func (m *machine) somePost(rt *rapid.T) int {
	if len(m.posts) == 0 {
		rt.Skip("no post")
	}
	// The newest are the likeliest.
	back := rapid.IntRange(0, len(m.posts)-1).Draw(rt, "posts back")
	return len(m.posts) - 1 - back
}

// expect compares how a call went with the reason it should fail for, unspecified for success, and tells whether it went well.
func expect(rt *rapid.T, what string, err error, want errorsv1.Reason) bool {
	rt.Helper()
	if got := pulse.ReasonOf(err); err != nil && got != want || err == nil && want != 0 {
		rt.Fatalf("%s: %v, want %v", what, err, want)
	}
	return err == nil
}

// equal compares a list of ids.
func (m *machine) equal(rt *rapid.T, what string, got, want []int64) {
	rt.Helper()
	if !slices.Equal(got, want) {
		rt.Fatalf("%s: %v, want %v\n%s", what, got, want, m.describe())
	}
}
