package trial

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"go.uber.org/goleak"

	"github.com/pulse-social/pulse/services/internal/topology"
)

// What is not as the log says must be noticed: a trial that finds nothing is worth what it would have found.
func TestAVerificationNoticesWhatIsNotAsItWasAnswered(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	binary, err := topology.Build(t.Context(), dir)
	must(t, err)
	calm := fault{do: func(context.Context, *run) error { return nil }} // A busy machine may cost a call.
	r := &run{
		fault: calm, history: newHistory(io.Discard), pool: &http.Client{Transport: &http.Transport{}}, draw: rand.New(rand.NewPCG(1, 0)),
		options: Options{Topology: Embedded, Seed: 1, Rate: defaultRate, Duration: time.Second, Progress: func(string) {}},
	}
	r.topology, err = topology.Embedded(t.Context(), topology.Options{Binary: binary, Dir: dir})
	must(t, err)
	t.Cleanup(r.pool.CloseIdleConnections)
	t.Cleanup(func() { must(t, r.topology.Stop(context.WithoutCancel(t.Context()))) })
	must(t, r.populate(t.Context()))
	must(t, r.load(t.Context()))
	must(t, r.verify(t.Context()))
	if len(r.history.broken) > 0 {
		t.Fatalf("broken before anything was changed: %q; errors: %v", r.history.broken, r.history.errs)
	}

	p := r.people[0]
	p.posts["never written"] = &post{outcome: ok}
	p.posts[p.handle+" begins 0"].outcome = failed
	delete(p.posts, p.handle+" begins 1")
	p.logIn(t.Context())
	p.sessions[len(p.sessions)-1].ended = true
	relationTo(p.likes, p.others[0].first[0]).on = !relationTo(p.likes, p.others[0].first[0]).on
	relationTo(p.follows, p.others[0].id).on = !relationTo(p.follows, p.others[0].id).on
	must(t, r.verify(t.Context()))
	for _, want := range []string{
		`"never written" was answered ok, and is there 0 times`, `begins 0" was answered failed, and is there 1 times`,
		`nobody wrote "p1 begins 1"`, "worked after its logout was acknowledged", "p1 likes post", "p1 follows p2",
	} {
		if !slices.ContainsFunc(r.history.broken, func(broken string) bool { return strings.Contains(broken, want) }) {
			t.Errorf("not noticed: %s; noticed: %q", want, r.history.broken)
		}
	}
}

func TestOnlyWhatWasRefusedHasCertainlyNotHappened(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want outcome
	}{
		{nil, ok},
		{connect.NewError(connect.CodeNotFound, ""), failed},
		{connect.NewError(connect.CodeUnauthenticated, ""), failed},
		{connect.NewError(connect.CodeUnavailable, ""), unknown},
		{connect.NewError(connect.CodeDeadlineExceeded, ""), unknown},
		{connect.NewError(connect.CodeInternal, ""), unknown},
		{errors.New("connection reset"), unknown},
	} {
		if got := outcomeOf(c.err); got != c.want {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(closingConnections{m}) }

// closingConnections closes what asking the operators' port has kept open.
type closingConnections struct{ m *testing.M }

func (c closingConnections) Run() int {
	defer http.DefaultClient.CloseIdleConnections()
	return c.m.Run()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
