package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// visibleSamples is how many posts are waited for, so many that p99 is not that of one of them.
	visibleSamples = 200
	// visibleWarm is how long people read before: what the load before has written is new to each of them.
	visibleWarm = 3 * time.Second
	// visiblePoll is how often a follower looks; each of many looks less often, so that looking is no load of its own.
	visiblePoll = 2 * time.Millisecond
	// visibleWithin bounds the wait for one.
	visibleWithin = 30 * time.Second
	// watched is how many followers of a celebrity look at once.
	watched = 40
)

// visible measures, under a load of reads, the time from the acknowledgement of a post until its author's followers see
// it at the head of their home timelines: one follower of an ordinary author, the last of many of a celebrity's.
func (l *load) visible(ctx context.Context, rate float64, followers func(sample int) (author person, watching []person)) ([]time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	var background sync.WaitGroup
	background.Go(func() { drive(ctx, rate, visibleWithin*visibleSamples, l.home) })
	defer background.Wait()
	defer cancel()
	var took []time.Duration
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(visibleWarm):
	}
	for n := range visibleSamples {
		author, watching := followers(n)
		seen, err := l.watch(ctx, author, watching)
		if err != nil {
			return nil, err
		}
		took = append(took, seen)
	}
	slices.Sort(took)
	return took, nil
}

// watch posts, and answers how long after the acknowledgement the last of those who watch sees the post.
func (l *load) watch(ctx context.Context, author person, watching []person) (time.Duration, error) {
	raw, err := l.post(ctx, "post", "/pulse.post.v1.PostService/CreatePost", author.token, []byte(`{"text":"Is this seen?"}`))
	acknowledged := time.Now()
	if err != nil {
		return 0, err
	}
	var answer struct{ Post struct{ ID string } }
	if err := json.Unmarshal(raw, &answer); err != nil {
		return 0, err
	}
	errs := make([]error, len(watching))
	var group sync.WaitGroup
	for i, follower := range watching {
		group.Go(func() { errs[i] = l.see(ctx, follower, answer.Post.ID, visiblePoll*time.Duration(len(watching))) })
	}
	group.Wait()
	took := time.Since(acknowledged)
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return took, nil
}

// see looks until a post is in a person's home timeline.
func (l *load) see(ctx context.Context, follower person, postID string, every time.Duration) error {
	deadline := time.Now().Add(visibleWithin)
	for time.Now().Before(deadline) {
		raw, err := l.post(ctx, "timeline", "/pulse.timeline.v1.TimelineService/GetHomeTimeline", follower.token, []byte(`{"pageSize":5}`))
		if err != nil {
			return err
		}
		if strings.Contains(string(raw), `"`+postID+`"`) {
			return nil
		}
		time.Sleep(every)
	}
	return fmt.Errorf("post %s was not seen within %s", postID, visibleWithin)
}
