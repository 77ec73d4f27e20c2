package timeline

import (
	"context"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/stamp"
)

const (
	// viewersKept bounds of how many viewers something is kept; one takes a few kilobytes.
	viewersKept = 10_000
	// decisionsKept bounds how many authors and posts are kept of one viewer: more than two of the largest pages have.
	decisionsKept = 256
)

// viewers keeps what was read of those who read timelines and changes only by what they do themselves: whom they follow,
// what they like, what they wrote last. It is good for as long as their stamps in Redis are those it was read under.
type viewers struct {
	stamps *stamp.Book
	posts  *posts
	now    clock.Clock
	kept   *otter.Cache[int64, *viewer]
}

func newViewers(stamps *stamp.Book, p *posts, now clock.Clock) *viewers {
	return &viewers{stamps: stamps, posts: p, now: now, kept: otter.Must(&otter.Options[int64, *viewer]{MaximumSize: viewersKept})}
}

// viewer is what is kept of one.
type viewer struct {
	mu     sync.Mutex
	stamps stamp.Stamps
	read   time.Time
	// follows are decisions about authors, likes about posts: who is not in there was not asked about yet.
	follows, likes map[int64]bool
	// likesSince is since when the viewer has had the stamp of likes that they have: what was posted later is not liked.
	likesSince time.Time
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
	old := now.Sub(kept.read) > stamp.MaxAge || now.Before(kept.read)
	if old {
		kept.read = now
	}
	if old || kept.stamps[stamp.Follows] != stamps[stamp.Follows] {
		kept.follows, kept.merged = nil, nil
	}
	if old || kept.stamps[stamp.Likes] != stamps[stamp.Likes] {
		kept.likes, kept.likesSince = nil, now
	}
	if old || kept.stamps[stamp.Posts] != stamps[stamp.Posts] {
		kept.own = nil
	}
	if kept.stamps[stamp.Edits] != stamps[stamp.Edits] {
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

// liked answers whether the viewer likes a post, if that is known. It is of every post that was written since the viewer
// last liked anything.
func (v *view) liked(postID int64) (liked, known bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.viewer.stamps[stamp.Likes] != v.stamps[stamp.Likes] {
		return false, false
	}
	if liked, known = v.likes[postID]; known {
		return liked, true
	}
	return false, id.Time(postID).Sub(v.likesSince) > onTime
}

// setLiked keeps whether the viewer likes a post.
func (v *view) setLiked(postID int64, liked bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.viewer.stamps[stamp.Likes] == v.stamps[stamp.Likes] {
		v.likes = decide(v.likes, postID, liked)
	}
}

// decide adds a decision, and forgets all others when there are too many.
func decide(decisions map[int64]bool, id int64, decision bool) map[int64]bool {
	if decisions == nil || len(decisions) >= decisionsKept {
		decisions = map[int64]bool{}
	}
	decisions[id] = decision
	return decisions
}

// following answers which of the authors the viewer follows; those not known are asked of load.
func (v *view) following(authors []int64, load func(unknown []int64) (map[int64]bool, error)) (map[int64]bool, error) {
	decided := make(map[int64]bool, len(authors))
	var unknown []int64
	v.mu.Lock()
	current := v.viewer.stamps[stamp.Follows] == v.stamps[stamp.Follows]
	for _, author := range authors {
		follows, known := v.follows[author]
		if known && current {
			decided[author] = follows
		} else {
			unknown = append(unknown, author)
		}
	}
	v.mu.Unlock()
	if len(unknown) == 0 {
		return decided, nil
	}
	loaded, err := load(unknown)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, author := range unknown {
		decided[author] = loaded[author]
		if v.viewer.stamps[stamp.Follows] == v.stamps[stamp.Follows] {
			v.follows = decide(v.follows, author, loaded[author])
		}
	}
	return decided, nil
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
