package gather_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pulse-social/pulse/services/internal/gather"
	"github.com/pulse-social/pulse/services/internal/testwait"
)

// asked is a question under way, and lets the test answer it.
type asked struct {
	keys   []int
	answer chan error
}

// newGatherer gathers for a question that the test answers, with the square of each key.
func newGatherer(patience time.Duration) (*gather.Gatherer[int, int], <-chan asked) {
	questions := make(chan asked)
	return gather.New(patience, func(ctx context.Context, keys []int) (map[int]int, error) {
		a := asked{slices.Clone(keys), make(chan error)}
		select {
		case questions <- a:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		squares := map[int]int{}
		for _, key := range keys {
			squares[key] = key * key
		}
		select {
		case err := <-a.answer:
			return squares, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}), questions
}

type result struct {
	found map[int]int
	err   error
}

func get(ctx context.Context, g *gather.Gatherer[int, int], keys ...int) <-chan result {
	results := make(chan result, 1)
	go func() {
		found, err := g.Get(ctx, keys...)
		results <- result{found, err}
	}()
	return results
}

// waitForKeys waits until the next round has so many keys.
func waitForKeys(t *testing.T, g *gather.Gatherer[int, int], want int) {
	t.Helper()
	testwait.Until(t, "the others to wait", func() bool { return g.Waiting() == want })
}

func TestThoseWhoComeMeanwhileAreAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	g, questions := newGatherer(time.Minute)
	first := get(t.Context(), g, 2)
	one := <-questions
	if !slices.Equal(one.keys, []int{2}) {
		t.Fatalf("who came alone was asked for with %v", one.keys)
	}
	var others []<-chan result
	for key := 3; key < 10; key++ {
		others = append(others, get(t.Context(), g, key, 10*key))
	}
	waitForKeys(t, g, 14)
	one.answer <- nil
	if r := <-first; r.err != nil || r.found[2] != 4 {
		t.Errorf("the first was answered %v", r)
	}
	two := <-questions
	if len(two.keys) != 14 {
		t.Errorf("asked for %v, want all fourteen at once", two.keys)
	}
	two.answer <- nil
	for i, other := range others {
		key := i + 3
		if r := <-other; r.err != nil || r.found[key] != key*key || r.found[10*key] != 100*key*key {
			t.Errorf("%d was answered %v", key, r)
		}
	}
	again := get(t.Context(), g, 5)
	three := <-questions
	three.answer <- nil
	if r := <-again; len(three.keys) != 1 || r.found[5] != 25 {
		t.Errorf("asked again for %v: %v", three.keys, r)
	}
}

func TestWhatFailsFailsForItsRoundAlone(t *testing.T) {
	t.Parallel()
	g, questions := newGatherer(time.Minute)
	first := get(t.Context(), g, 2)
	one := <-questions
	second := get(t.Context(), g, 3)
	waitForKeys(t, g, 1)
	broken := errors.New("broken")
	one.answer <- broken
	if r := <-first; !errors.Is(r.err, broken) {
		t.Errorf("got %v", r.err)
	}
	two := <-questions
	two.answer <- nil
	if r := <-second; r.err != nil || r.found[3] != 9 {
		t.Errorf("got %v", r)
	}
}

func TestWhoGivesUpTakesNothingFromOthers(t *testing.T) {
	t.Parallel()
	g, questions := newGatherer(time.Minute)
	ctx, giveUp := context.WithCancel(t.Context())
	first := get(ctx, g, 2)
	one := <-questions
	second := get(t.Context(), g, 3)
	waitForKeys(t, g, 1)
	giveUp()
	if r := <-first; !errors.Is(r.err, context.Canceled) {
		t.Errorf("got %v", r.err)
	}
	one.answer <- nil
	two := <-questions
	two.answer <- nil
	if r := <-second; r.err != nil || r.found[3] != 9 {
		t.Errorf("got %v", r)
	}
}

func TestAQuestionEndsInTime(t *testing.T) {
	t.Parallel()
	g, _ := newGatherer(time.Millisecond)
	if r := <-get(t.Context(), g, 2); !errors.Is(r.err, context.DeadlineExceeded) {
		t.Errorf("got %v", r)
	}
}

func TestThoseWhoComeAMomentLaterAreAskedForTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, questions := newGatherer(time.Minute)
		first := get(t.Context(), g, 2)
		time.Sleep(time.Millisecond)
		second := get(t.Context(), g, 3)
		one := <-questions
		defer time.Sleep(time.Second) // Until nobody waits any more.
		if !slices.Equal(one.keys, []int{2, 3}) {
			t.Errorf("asked for %v, want both", one.keys)
		}
		one.answer <- nil
		for _, r := range []result{<-first, <-second} {
			if r.err != nil || r.found[3] != 9 {
				t.Errorf("answered %v", r)
			}
		}
	})
}
