package timeline_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// Whoever walks to newer posts while others write meets each post once and misses none, in every timeline, though lists are
// dropped and built anew meanwhile.
func TestWalkingToNewerPostsMissesNothing(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	reader := p.User(t, "reader")
	var writers []*pulsetest.User
	for n := range 3 {
		writers = append(writers, p.User(t, fmt.Sprintf("w%d", n)))
	}
	follow(t, reader, writers...)
	p.Settle(t)
	walks := map[string]timeline{
		"home": homeTimeline, "public": publicTimeline, "hashtag": hashtagTimeline("walk"), "list": listTimeline(newList(t, reader, writers...)),
	}
	before := write(t, writers[0], public, "before all #walk")
	p.Settle(t)
	first := map[string]pageOf{}
	for name, read := range walks {
		if first[name] = read(t, reader.Client, 3, ""); len(first[name].GetPosts()) != 1 {
			t.Fatalf("%s: %v, want the post %d", name, first[name], before)
		}
	}
	var written []int64
	var mu sync.Mutex
	done := make(chan struct{})
	var writing, walking sync.WaitGroup
	for _, w := range writers {
		writing.Go(func() {
			for range 25 {
				post := write(t, w, public, "step #walk")
				mu.Lock()
				written = append(written, post)
				mu.Unlock()
			}
		})
	}
	met := make(map[string][]int64, len(walks))
	for name, read := range walks {
		walking.Go(func() {
			var ids []int64
			page := first[name]
			take := func() { ids = append(ids, idsOfPosts(page.GetPosts())...) }
			ended := false
			for !ended || len(page.GetPosts()) > 0 {
				select {
				case <-done:
					ended = true
				default:
				}
				page = read(t, reader.Client, 5, page.GetNewerPageToken())
				take()
			}
			mu.Lock()
			met[name] = ids
			mu.Unlock()
		})
	}
	other := p.User(t, "other")
	for range 10 { // Each makes the reader's list be dropped.
		follow(t, reader, other)
		_, err := reader.Graph.Unfollow(t.Context(), &graphv1.UnfollowRequest{UserId: other.ID})
		must(t, err)
	}
	writing.Wait()
	p.Settle(t)
	close(done)
	walking.Wait()
	slices.Sort(written)
	for name, ids := range met {
		slices.Sort(ids)
		if !slices.Equal(ids, written) {
			t.Errorf("%s: met %d posts %v, want each of these %d once: %v", name, len(ids), ids, len(written), written)
		}
	}
}
