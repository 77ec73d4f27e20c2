package timeline

import (
	"context"
	"fmt"
	"sync"
	"time"

	entpost "github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// headKept is how many of an author's newest posts are kept: a page and some more.
	headKept = 32
	// headsFor bounds for how long, should a hint be lost unnoticed; new posts of an author drop the author's.
	headsFor = 2 * time.Second
	// mergedFor is how long the number of merged authors is kept, should a hint be lost unnoticed.
	mergedFor = 2 * time.Second
	// headsOf bounds of how many authors.
	headsOf = 10_000
)

// Topics of hints that the fan-out gives to those who read.
const (
	// authorMerged tells that authors are merged on read from now on.
	authorMerged bus.Topic = "author-merged"
	// authorPosted tells that authors who are merged on read have posted.
	authorPosted bus.Topic = "author-posted"
)

// merged keeps what all readers share of the authors who are merged on read: how many there are, and the newest posts
// of each. So a celebrity's posts are read from SQL now and then, and not by each fan.
type merged struct {
	db    *store.DB
	hints *bus.Hints
	now   clock.Clock
	heads *copies[List]

	mu    sync.Mutex
	count int
	read  time.Time
}

func newMerged(db *store.DB, hints *bus.Hints, now clock.Clock) *merged {
	return &merged{db: db, hints: hints, now: now, heads: newCopies[List](headsOf, headsFor, now)}
}

// watch makes hints drop what has changed.
func (m *merged) watch() error {
	forget := func() {
		m.heads.clear()
		m.recount()
	}
	if err := m.hints.Watch(authorMerged, func([]int64) { m.recount() }, forget); err != nil {
		return err
	}
	return m.hints.Watch(authorPosted, func(ids []int64) { m.heads.drop(ids...) }, forget)
}

func (m *merged) recount() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.read = time.Time{}
}

// authors answers how many authors are merged on read.
func (m *merged) authors(ctx context.Context) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if age := m.now().Sub(m.read); m.hints.Arriving() && age >= 0 && age < mergedFor {
		return m.count, nil
	}
	// The time is taken before the look: a hint that comes during it is not to be forgotten.
	read := m.now()
	count, err := m.db.MergedAuthor.Query().Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count merged authors: %w", err)
	}
	m.count, m.read = count, read
	return count, nil
}

// head answers an author's newest posts.
func (m *merged) head(ctx context.Context, author int64) (List, error) {
	if kept, ok := m.heads.get(author); ok && m.hints.Arriving() {
		return kept, nil
	}
	tick := m.heads.tick()
	list, err := newestOf(ctx, m.db, author)
	if err == nil {
		m.heads.keep(author, list, tick)
	}
	return list, err
}

// newestOf reads an author's newest posts.
func newestOf(ctx context.Context, db *store.DB, author int64) (List, error) {
	ids, err := db.Post.Query().Where(entpost.AuthorID(author), entpost.Deleted(false)).
		Order(entpost.ByID(descending)).Limit(headKept).IDs(ctx)
	if err != nil {
		return List{}, fmt.Errorf("read posts: %w", err)
	}
	return List{IDs: ids, Whole: len(ids) < headKept}, nil
}
