// Package stamp lets caches of what a person sees know when that person has changed it. Each acknowledged change puts a
// new stamp on the person in Redis; what was cached under the stamp that is still there is what the person wrote last.
// So people read their own writes, whichever process answers, without the database being asked each time.
//
// A stamp that Redis has lost is like a new one. Who changes something waits for a Redis that is late, for up to [patience].
// When Redis is away for longer, the change is stamped as soon as it is back; if its process has ended by then, the change is
// seen when the cache's own time is up. So caches keep nothing for longer than [MaxAge], and nothing from before Redis was
// away for themselves ([Book.Gap]).
package stamp

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/kv"
)

// MaxAge bounds how long something may be cached under a stamp.
const MaxAge = 30 * time.Second

// kept is how long a stamp outlives the last change: anything longer than [MaxAge] does.
const kept = time.Hour

// A Kind is what of a person changes by itself.
type Kind int

// The kinds.
const (
	// Posts changes when a person writes or deletes a post.
	Posts Kind = iota
	// Likes changes when a person likes, keeps or reposts a post, votes in its poll, or takes one of these back.
	Likes
	// Follows changes when a person follows or unfollows somebody.
	Follows
	// Edits changes when what others may hold of a person's own is out of date: their profile, or a post that they edited or deleted.
	Edits

	kinds
)

// fields are the names of the kinds in Redis.
var fields = [kinds]string{"posts", "likes", "follows", "edits"}

// Stamps are a person's stamps, one for each kind. A missing one is empty.
type Stamps [kinds]string

// Complete tells whether none is missing.
func (s Stamps) Complete() bool {
	for _, stamp := range s {
		if stamp == "" {
			return false
		}
	}
	return true
}

// A Book keeps the stamps of everybody.
type Book struct {
	kv *kv.KV

	mu sync.Mutex
	// owed are the stamps that could not be set, by person.
	owed map[int64]debt
}

// debt is what has to be stamped, and until when: then no cache has anything from before.
type debt struct {
	changed [kinds]bool
	until   time.Time
}

const (
	// patience is how long a change waits, since Redis has last answered, for its stamp. Other processes may reach Redis
	// meanwhile, and go by the stamp that they find.
	patience = 2 * time.Second
	// payEvery is the time between two tries to set stamps that are owed, payPatience how long a try may take.
	payEvery, payPatience = 100 * time.Millisecond, time.Second
)

// NewBook makes the book that a Redis holds.
func NewBook(k *kv.KV) *Book { return &Book{kv: k, owed: map[int64]debt{}} }

// Changed stamps what a person has just changed. It comes after the change was committed and before it is acknowledged.
// An error is not the caller's: the change stands.
func (b *Book) Changed(ctx context.Context, userID int64, changed ...Kind) {
	// A caller who is gone by now may read on elsewhere.
	ctx = context.WithoutCancel(ctx)
	d := debt{until: time.Now().Add(MaxAge)} //nolint:forbidigo // Tries come by the wall clock.
	for _, kind := range changed {
		d.changed[kind] = true
	}
	left := patience - b.kv.DownFor()
	if left <= 0 || b.set(ctx, left, userID, d.changed) != nil {
		b.owe(ctx, userID, d)
	}
}

// set stamps what has changed, and insists for so long.
func (b *Book) set(ctx context.Context, within time.Duration, userID int64, changed [kinds]bool) error {
	values := b.kv.B().Hset().Key(key(userID)).FieldValue()
	for kind, is := range changed {
		if is {
			values = values.FieldValue(fields[kind], drawn())
		}
	}
	return b.kv.Insist(ctx, within, values.Build(), b.kv.B().Expire().Key(key(userID)).Seconds(int64(kept.Seconds())).Build())
}

// owe notes a stamp that could not be set. The first has payment tried in a moment.
func (b *Book) owe(ctx context.Context, userID int64, d debt) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.owed) == 0 {
		time.AfterFunc(payEvery, func() { b.pay(ctx) })
	}
	had := b.owed[userID]
	for kind, is := range had.changed {
		d.changed[kind] = d.changed[kind] || is
	}
	if had.until.After(d.until) {
		d.until = had.until
	}
	b.owed[userID] = d
}

// pay sets the stamps that are owed. The first that fails puts off all others: Redis is still away.
func (b *Book) pay(ctx context.Context) {
	b.mu.Lock()
	owed := b.owed
	b.owed = map[int64]debt{}
	b.mu.Unlock()
	var err error
	for userID, d := range owed {
		if err == nil {
			err = b.set(ctx, payPatience, userID, d.changed)
		}
		if err != nil && time.Now().Before(d.until) && !errors.Is(err, rueidis.ErrClosing) { //nolint:forbidigo // As above.
			b.owe(ctx, userID, d)
		}
	}
}

// Gap is another one after Redis was away for this process: changes may have been made then whose stamps are still owed.
func (b *Book) Gap() int64 { return b.kv.Failures() }

// Read is the command for a person's stamps; [Parse] understands the reply.
func (b *Book) Read(userID int64) rueidis.Completed {
	return b.kv.B().Hmget().Key(key(userID)).Field(fields[:]...).Build()
}

// Parse reads the reply to [Book.Read].
func Parse(reply rueidis.RedisMessage) (Stamps, error) {
	var stamps Stamps
	values, err := reply.ToArray()
	if err != nil {
		return stamps, err
	}
	for i := range min(len(values), len(stamps)) {
		stamps[i], _ = values[i].ToString() // Nil is a stamp that is missing.
	}
	return stamps, nil
}

// Begin gives a person the stamps that are missing, and answers all. It comes before what is to be cached is read.
func (b *Book) Begin(ctx context.Context, userID int64) (Stamps, error) {
	commands := make(rueidis.Commands, 0, kinds+2)
	for _, field := range fields {
		commands = append(commands, b.kv.B().Hsetnx().Key(key(userID)).Field(field).Value(drawn()).Build())
	}
	commands = append(commands, b.kv.B().Expire().Key(key(userID)).Seconds(int64(kept.Seconds())).Build(), b.Read(userID))
	replies, err := b.kv.Replies(ctx, commands...)
	if err != nil {
		return Stamps{}, err
	}
	return Parse(replies[len(replies)-1])
}

func key(userID int64) string { return "stamps:{" + id.String(userID) + "}" }

// drawn is a stamp that nobody has had before.
func drawn() string {
	return strconv.FormatUint(rand.Uint64(), 36) //nolint:gosec // It has to be new, not secret.
}
