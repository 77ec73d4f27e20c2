package timeline

import (
	"context"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/engagement"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/mute"
	"github.com/pulse-social/pulse/services/internal/stamp"
)

const (
	// ViewersKept bounds of how many viewers a process keeps something; one takes a few kilobytes.
	ViewersKept = 10_000
	// decisionsKept bounds how many authors and posts are kept of one viewer: more than two of the largest pages have.
	decisionsKept = 256
)

// viewers keeps what was read of those who read timelines and changes only by what they do themselves: whom they follow,
// what they like, keep and pass on, what they wrote last. It is good for as long as their stamps in Redis are those it was read under.
type viewers struct {
	stamps *stamp.Book
	posts  *posts
	now    clock.Clock
	kept   *otter.Cache[int64, *viewer]
}

func newViewers(stamps *stamp.Book, p *posts, now clock.Clock) *viewers {
	return &viewers{stamps: stamps, posts: p, now: now, kept: otter.Must(&otter.Options[int64, *viewer]{MaximumSize: ViewersKept})}
}

// viewer is what is kept of one.
type viewer struct {
	mu     sync.Mutex
	stamps stamp.Stamps
	read   time.Time
	// gap is the one after which all was read.
	gap int64
	// relations are to authors, acts are about posts: who is not in there was not asked about yet.
	relations map[int64]relation
	acts      map[int64]engagement.State
	// absent are posts that the viewer was not answered when they were asked for at a tick.
	absent map[int64]int64
	// muted is what the viewer has muted; nil is not read.
	muted *mute.Rules
	// actsSince is since when the viewer has had the stamp of likes that they have: with what was posted later they have done
	// nothing.
	actsSince time.Time
	// own are the newest own posts, merged those of the first mergedOf authors merged on read whom the viewer follows; nil
	// is not read.
	own      *List
	merged   []int64
	mergedOf int
	// ownSince is the tick before which own posts were read that may have been edited since.
	ownSince int64
}

// view is a viewer under the stamps of one call. What it learns is kept only while they are still the viewer's.
type view struct {
	*viewer
	id     int64
	stamps stamp.Stamps
}

// under answers what is kept of a viewer under these stamps, and forgets what is not so any more.
func (v *viewers) under(ctx context.Context, userID int64, stamps stamp.Stamps) (*view, error) {
	if !stamps.Complete() {
		var err error
		if stamps, err = v.stamps.Begin(ctx, userID); err != nil {
			return nil, err
		}
	}
	kept, _ := v.kept.ComputeIfAbsent(userID, func() (*viewer, bool) { return &viewer{}, false })
	kept.mu.Lock()
	defer kept.mu.Unlock()
	now := v.now()
	gap := v.stamps.Gap()
	missed := kept.gap != gap
	old := missed || now.Sub(kept.read) > stamp.MaxAge || now.Before(kept.read)
	if old {
		kept.read, kept.gap = now, gap
	}
	if old || kept.stamps[stamp.Follows] != stamps[stamp.Follows] {
		kept.relations, kept.absent, kept.muted, kept.merged = nil, nil, nil, nil
	}
	if old || kept.stamps[stamp.Likes] != stamps[stamp.Likes] {
		kept.acts, kept.actsSince = nil, now
	}
	if old || kept.stamps[stamp.Posts] != stamps[stamp.Posts] {
		kept.own = nil
	}
	if missed || kept.stamps[stamp.Edits] != stamps[stamp.Edits] {
		kept.ownSince = v.posts.copies.tick()
	}
	kept.stamps = stamps
	return &view{viewer: kept, id: userID, stamps: stamps}, nil
}

// accepts tells whether a kept post may be answered to the viewer: not their own from before they changed it.
func (v *view) accepts(post *encodedPost) bool {
	if v == nil || post.author != v.id {
		return true
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return post.tick > v.ownSince
}

// done answers what the viewer has done with a post, if that is known. It is of every post that was written since the viewer
// last did anything with one.
func (v *view) done(postID int64) (done engagement.State, known bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.viewer.stamps[stamp.Likes] != v.stamps[stamp.Likes] {
		return 0, false
	}
	if done, known = v.acts[postID]; known {
		return done, true
	}
	return 0, id.Time(postID).Sub(v.actsSince) > onTime
}

// setDone keeps what the viewer has done with a post.
func (v *view) setDone(postID int64, done engagement.State) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.viewer.stamps[stamp.Likes] == v.stamps[stamp.Likes] {
		v.acts = decide(v.acts, postID, done)
	}
}

// decide adds a decision, and forgets all others when there are too many.
func decide[D any](decisions map[int64]D, id int64, decision D) map[int64]D {
	if decisions == nil || len(decisions) >= decisionsKept {
		decisions = map[int64]D{}
	}
	decisions[id] = decision
	return decisions
}

// missed answers when a post was asked for that the viewer was not answered, if there was such a time.
func (v *view) missed(postID int64) (tick int64, missed bool) {
	if v == nil {
		return 0, false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.viewer.stamps[stamp.Follows] != v.stamps[stamp.Follows] {
		return 0, false
	}
	tick, missed = v.absent[postID]
	return tick, missed
}

// setMissed keeps that a post was asked for at a tick and not answered.
func (v *view) setMissed(postID, tick int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.viewer.stamps[stamp.Follows] == v.stamps[stamp.Follows] {
		v.absent = decide(v.absent, postID, tick)
	}
}

// ownPosts answers the viewer's newest posts; when they are not known they are asked of load.
func (v *view) ownPosts(load func() (List, error)) (List, error) {
	v.mu.Lock()
	if v.own != nil && v.viewer.stamps[stamp.Posts] == v.stamps[stamp.Posts] {
		defer v.mu.Unlock()
		return *v.own, nil
	}
	v.mu.Unlock()
	own, err := load()
	if err != nil {
		return own, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.viewer.stamps[stamp.Posts] == v.stamps[stamp.Posts] {
		v.own = &own
	}
	return own, nil
}

// mergedFollowed answers which of the authors merged on read the viewer follows. There are so many such authors, of whom
// none ever leaves; when the answer is not known for as many it is asked of load.
func (v *view) mergedFollowed(authors int, load func() ([]int64, error)) ([]int64, error) {
	v.mu.Lock()
	if v.merged != nil && v.mergedOf == authors && v.viewer.stamps[stamp.Follows] == v.stamps[stamp.Follows] {
		defer v.mu.Unlock()
		return v.merged, nil
	}
	v.mu.Unlock()
	merged, err := load()
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.viewer.stamps[stamp.Follows] == v.stamps[stamp.Follows] {
		v.merged, v.mergedOf = append([]int64{}, merged...), authors
	}
	return merged, nil
}
