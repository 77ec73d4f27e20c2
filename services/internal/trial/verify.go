package trial

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

// verify compares what is served when all is quiet with what the log of calls says.
func (r *run) verify(ctx context.Context) error {
	if err := r.invariants(ctx); err != nil {
		return err
	}
	if err := r.noLetters(ctx); err != nil {
		return err
	}
	timelines := map[int64][]int64{}
	for _, p := range r.people {
		ids, err := p.verifyPosts(ctx)
		if err != nil {
			return err
		}
		timelines[p.id] = ids
	}
	for _, p := range r.people {
		following, err := p.verifyFollows(ctx)
		if err != nil {
			return err
		}
		if err := p.verifyHome(ctx, timelines, following); err != nil {
			return err
		}
		if err := p.verifyLikes(ctx); err != nil {
			return err
		}
		if err := r.verifySessions(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// invariants has pulse check look at everything.
func (r *run) invariants(ctx context.Context) error {
	began := time.Now()
	invariants, err := r.topology.Check(ctx)
	if err != nil {
		return err
	}
	r.report.Settled = time.Since(began)
	for _, i := range invariants {
		if i.ID == "I7" {
			r.report.Settled = i.Took // It is the one that waits.
		}
		if i.Broken > 0 {
			r.history.breaks("%s (%s): %d of %d, such as %q", i.ID, i.What, i.Broken, i.Checked, i.Violations)
		}
	}
	return nil
}

// letters lists the dead letters.
func (r *run) letters(ctx context.Context) ([]json.RawMessage, error) {
	out, err := r.topology.Command(ctx, "dlq", "list", "--json")
	if err != nil {
		return nil, err
	}
	var letters []json.RawMessage
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var letter json.RawMessage
		if err := decoder.Decode(&letter); err != nil {
			return nil, err
		}
		letters = append(letters, letter)
	}
	return letters, nil
}

// noLetters checks that no event was given up, or all of them were replayed.
func (r *run) noLetters(ctx context.Context) error {
	letters, err := r.letters(ctx)
	if err == nil && len(letters) > 0 {
		r.history.breaks("%d dead letters, such as %s", len(letters), letters[0])
	}
	return err
}

// verifyPosts compares the person's timeline with what they were answered, and answers its ids.
func (p *person) verifyPosts(ctx context.Context) ([]int64, error) {
	var ids []int64
	times := map[string]int{}
	for served, err := range p.AllUserTimelinePosts(ctx, &timelinev1.GetUserTimelineRequest{UserId: p.id, PageSize: 100}) {
		if err != nil {
			return nil, fmt.Errorf("read the timeline of %s: %w", p.handle, err)
		}
		ids = append(ids, served.GetId())
		times[served.GetText()]++
		written := p.posts[served.GetText()]
		switch {
		case written == nil:
			p.history.breaks("timeline of %s: nobody wrote %q", p.handle, served.GetText())
		case written.outcome == ok && written.id != served.GetId():
			p.history.breaks("timeline of %s: %q was answered as post %d, and is %d", p.handle, served.GetText(), written.id, served.GetId())
		}
	}
	for _, text := range slices.Sorted(maps.Keys(p.posts)) {
		written, n := p.posts[text], times[text]
		if n > 1 || n == 0 && written.outcome == ok || n == 1 && written.outcome == failed {
			p.history.breaks("timeline of %s: %q was answered %s, and is there %d times", p.handle, text, written.outcome, n)
		}
	}
	return ids, nil
}

// verifyFollows compares whom the person follows with what was acknowledged last, and answers who it is.
func (p *person) verifyFollows(ctx context.Context) ([]int64, error) {
	var following []int64
	for f, err := range p.AllFollowing(ctx, &graphv1.ListFollowingRequest{UserId: p.id, PageSize: 100}) {
		if err != nil {
			return nil, fmt.Errorf("read whom %s follows: %w", p.handle, err)
		}
		following = append(following, f.GetUser().GetId())
	}
	for _, other := range p.others {
		r := relationTo(p.follows, other.id)
		if there := slices.Contains(following, other.id); !r.unsure && there != r.on {
			p.history.breaks("%s follows %s: %t, acknowledged last was %t", p.handle, other.handle, there, r.on)
		}
	}
	return following, nil
}

// verifyHome compares the person's home timeline with the timelines that it is made of.
func (p *person) verifyHome(ctx context.Context, timelines map[int64][]int64, following []int64) error {
	want := slices.Clone(timelines[p.id])
	for _, author := range following {
		want = append(want, timelines[author]...)
	}
	slices.Sort(want)
	slices.Reverse(want)
	var got []int64
	for served, err := range p.AllHomeTimelinePosts(ctx, &timelinev1.GetHomeTimelineRequest{PageSize: 100}) {
		if err != nil {
			return fmt.Errorf("read the home timeline of %s: %w", p.handle, err)
		}
		got = append(got, served.GetId())
	}
	if !slices.Equal(got, want) {
		p.history.breaks("home timeline of %s: %d posts, want %d", p.handle, len(got), len(want))
	}
	return nil
}

// verifyLikes compares what the person likes with what was acknowledged last.
func (p *person) verifyLikes(ctx context.Context) error {
	ids := slices.Sorted(maps.Keys(p.likes))
	for batch := range slices.Chunk(ids, 100) {
		answer, err := p.Posts.BatchGetPosts(ctx, &postv1.BatchGetPostsRequest{PostIds: batch})
		if err != nil {
			return fmt.Errorf("read what %s likes: %w", p.handle, err)
		}
		for _, served := range answer.GetPosts() {
			r := p.likes[served.GetId()]
			if liked := served.GetViewer().GetLiked(); !r.unsure && liked != r.on {
				p.history.breaks("%s likes post %d: %t, acknowledged last was %t", p.handle, served.GetId(), liked, r.on)
			}
		}
	}
	return nil
}

// verifySessions tries sessions that were logged out on every replica.
func (r *run) verifySessions(ctx context.Context, p *person) error {
	for _, replica := range r.topology.Running("identity") {
		c, err := pulse.NewClient(replica.URL(), pulse.WithHTTPClient(r.pool))
		if err != nil {
			return err
		}
		for _, s := range p.sessions {
			if s.ended {
				p.probe(ctx, c, s)
			}
		}
	}
	return nil
}
