package apitest_test

import (
	"iter"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect/v2"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/testmail"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// TestAuthorizationMatrix makes every call that there is: each RPC, by each kind of caller, on each kind of object, over
// each protocol (see [wiresOfRun]). What is to be answered follows from the RPC's policy in the schema; see [recipes] for what an RPC adds.
func TestAuthorizationMatrix(t *testing.T) {
	// Not parallel: OpenTelemetry's meter is one for the whole process, and the metrics are to be this Pulse's.
	clock := new(movableClock)
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now), pulsetest.WithEnv("PULSE_LOG_LEVEL", "debug"),
		pulsetest.WithEnv("PULSE_PUSH_KEY", pushKey(t)), pulsetest.WithEnv("PULSE_PUSH_CONTACT", "mailto:operator@example.org"),
		pulsetest.WithEnv("PULSE_SMTP_URL", testmail.Start(t).URL()), pulsetest.WithEnv("PULSE_MAIL_FROM", "pulse@example.org"),
		pulsetest.WithEnv("PULSE_SIGN_IN_PROVIDERS", `[{"name":"github","type":"github","client_id":"pulse","client_secret":"canary-client-secret"}]`))
	ended, secrets := newStrangers(t, p, clock), new(canaries)
	secrets.secret("canary-client-secret")

	called := wiresOfRun(t)
	var cells atomic.Int64
	// No call is made before all casts are there: what one of them is still to delete would be seen by the others.
	casts := make([]*cast, len(called))
	for number := range called {
		casts[number] = newCast(t, p, ended, secrets, number)
	}
	t.Run("cells", func(t *testing.T) {
		for number, w := range called {
			t.Run(w.name, func(t *testing.T) {
				t.Parallel()
				c := casts[number]
				client := connect.NewClient(w.dial(t, p))
				for spec := range unary(p) {
					runRPC(t, c, client, w, spec, &cells)
				}
				c.stillSignedIn(t)
			})
		}
	})
	rows := 0
	for spec := range unary(p) {
		policy, err := rpc.PolicyOf(spec)
		if err != nil {
			t.Fatal(err)
		}
		rows += len(objects[policy.GetObject()].states)
	}
	if want := int64(rows * len(actors) * len(called)); cells.Load() != want {
		t.Errorf("%d cells ran, want %d", cells.Load(), want)
	}
	t.Logf("%d cells: %d RPCs and objects, %d callers, %d protocols", cells.Load(), rows, len(actors), len(called))
	t.Run("canaries", func(t *testing.T) { secrets.check(t, p) })
}

// unary are the RPCs with one answer. For those that stream see requests_realtime_test.go.
func unary(p *pulsetest.Pulse) iter.Seq[connect.Spec] {
	return func(yield func(connect.Spec) bool) {
		for spec := range p.App.Server().Specs() {
			if spec.StreamType == connect.StreamTypeUnary && !yield(spec) {
				return
			}
		}
	}
}

// runRPC makes all calls of an RPC over one wire.
func runRPC(t *testing.T, c *cast, client *connect.Client, w wire, spec connect.Spec, cells *atomic.Int64) {
	t.Helper()
	recipe, ok := recipes[spec.Procedure]
	if !ok {
		t.Fatalf("%s has no recipe in requests_test.go: say how to call it", spec.Procedure)
	}
	policy, err := rpc.PolicyOf(spec)
	if err != nil {
		t.Fatal(err)
	}
	states := objects[policy.GetObject()].states
	if len(states) == 0 {
		t.Fatalf("%s is about %v: say in objects which of them there are", spec.Procedure, policy.GetObject())
	}
	for _, actor := range actors {
		answers := map[string]string{}
		for _, object := range states {
			x := cell{spec, policy, recipe, w, actor, object}
			answers[object] = x.run(t, c, client)
			cells.Add(1)
		}
		for object, answer := range answers {
			x := cell{spec, policy, recipe, w, actor, object}
			if x.hidden() && answer != answers[missing] {
				t.Errorf("%v answers\n%s\nunlike what does not exist:\n%s", x, answer, answers[missing])
			}
		}
	}
}

// stillSignedIn fails when a session has ended that nobody was entitled to end.
func (c *cast) stillSignedIn(t *testing.T) {
	t.Helper()
	for _, actor := range signedIn {
		if _, err := c.people[actor].Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{}); err != nil {
			t.Errorf("%s: %v, want their session to live", actor, err)
		}
	}
}
