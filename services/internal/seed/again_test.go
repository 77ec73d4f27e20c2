package seed_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/progress"
	"github.com/pulse-social/pulse/services/internal/seed"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// interrupter ends a run when it has shown the line of a stage.
type interrupter struct {
	stage  string
	cancel context.CancelFunc
}

// Write implements io.Writer.
func (i interrupter) Write(p []byte) (int, error) {
	if strings.HasPrefix(string(p), i.stage) {
		i.cancel()
	}
	return len(p), nil
}

// steps is a clock that makes a line of progress due at every step.
func steps() clock.Clock {
	var now atomic.Int64
	return func() time.Time { return time.Unix(now.Add(60), 0) }
}

func TestRunAgain(t *testing.T) {
	t.Parallel()
	list := parse(t, "1 2\n2 3\n3 4\n4 1")
	plan := seed.Graph(list, false, 4)
	for _, stage := range []string{"people", "follows", "posts"} {
		t.Run("interrupted in "+stage, func(t *testing.T) {
			t.Parallel()
			p := pulsetest.Start(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			o := options(p, plan)
			o.Progress = progress.New(interrupter{stage, cancel}, false, steps())
			first, err := seed.Run(ctx, o)
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("interrupted run: %v", err)
			}
			second, err := seed.Run(t.Context(), options(p, plan))
			if err != nil {
				t.Fatal(err)
			}
			if first.Posts == 16 || first.People+second.People != 4 || first.Follows+second.Follows != 8 || first.Posts+second.Posts != 16 {
				t.Errorf("added %+v and then %+v, want 4 people, 8 follows and 16 posts in all", first, second)
			}
			if got := read(t, p, "u1", "u2", "u3", "u4").Posts; !reflect.DeepEqual(got, texts(plan)) {
				t.Errorf("posts are %v, want %v", got, texts(plan))
			}
			p.Settle(t)
		})
	}
}

func TestRunOnWhatIsThere(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	list := parse(t, "1 2")
	if _, err := seed.Run(t.Context(), options(p, seed.Graph(list, false, 2))); err != nil {
		t.Fatal(err)
	}

	// Nothing is left to do, so nobody signs in, and the password does not matter.
	o := options(p, seed.Graph(list, false, 2))
	o.Password = "something else"
	result, err := seed.Run(t.Context(), o)
	result.Took = 0
	if err != nil || result != (seed.Result{}) {
		t.Errorf("second run: added %+v, %v", result, err)
	}

	// It matters to more posts.
	more := seed.Graph(list, false, 3)
	o.Plan = more
	const want = "is there already with another password: give the password of the first run (--password)"
	if _, err := seed.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	result, err = seed.Run(t.Context(), options(p, more))
	if err != nil || result.Posts != 2 {
		t.Errorf("added %+v, %v, want 2 posts", result, err)
	}
	if got := read(t, p, "u1", "u2").Posts; !reflect.DeepEqual(got, texts(more)) {
		t.Errorf("posts are %v, want %v", got, texts(more))
	}
}
