// Package bulk fills an empty database with a generated social graph, faster by orders of magnitude than the API could:
// in large transactions, without events. Counts are written as the events would have left them, so the invariants hold.
// It is for measuring how cost grows with size; nothing else may write around the API.
package bulk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

// rowsAtOnce is how many rows one statement inserts: SQLite takes 32,766 parameters, Postgres 65,535, and a post has many.
const rowsAtOnce = 1000

// ErrNotEmpty tells that somebody is in the database already.
var ErrNotEmpty = errors.New("the database is not empty: a generated graph needs one of its own")

// Report is told how many batches of something are written, first that it is none.
type Report func(what string, done, total int)

// Load writes the graph. passwordHash is everybody's.
func Load(ctx context.Context, s *store.Store, g Graph, passwordHash string, now time.Time, report Report) error {
	there, err := s.For("bulk").Account.Query().Exist(ctx)
	if err != nil {
		return err
	}
	if there {
		return ErrNotEmpty
	}
	l := loader{store: s, graph: g, report: report, now: now}
	return errors.Join(
		l.people(ctx, passwordHash),
		l.follows(ctx),
		l.posts(ctx),
	)
}

type loader struct {
	store  *store.Store
	graph  Graph
	report Report
	now    time.Time
}

// personID is the id of a person: they came a millisecond after each other, long before they wrote.
func (l loader) personID(n int) int64 {
	return id.At(l.now.Add(-2*l.graph.Span + time.Duration(n)*time.Millisecond))
}

// batches calls write with every range of at most rowsAtOnce of total rows, a transaction of the owner each.
func (l loader) batches(ctx context.Context, owner, what string, total int, write func(tx *store.Tx, from, to int) error) error {
	l.report(what, 0, batchesOf(total))
	for from := 0; from < total; from += rowsAtOnce {
		to := min(from+rowsAtOnce, total)
		err := l.store.For(owner).Write(ctx, func(tx *store.Tx) error { return write(tx, from, to) })
		if err != nil {
			return fmt.Errorf("write %s: %w", what, err)
		}
		l.report(what, batchesOf(to), batchesOf(total))
	}
	return nil
}

func batchesOf(rows int) int { return (rows + rowsAtOnce - 1) / rowsAtOnce }

// people writes accounts, credentials and counts.
func (l loader) people(ctx context.Context, passwordHash string) error {
	err := l.batches(ctx, "identity", "people", l.graph.People, func(tx *store.Tx, from, to int) error {
		accounts, credentials := make([]*ent.AccountCreate, 0, to-from), make([]*ent.CredentialCreate, 0, to-from)
		for n := from; n < to; n++ {
			handle := Handle(n)
			accounts = append(accounts, tx.Account.Create().SetID(l.personID(n)).SetHandle(handle).SetHandleKey(handle))
			email := handle + "@example.org"
			credentials = append(credentials, tx.Credential.Create().SetID(l.personID(n)).SetEmail(email).SetEmailKey(email).SetPasswordHash(passwordHash))
		}
		return errors.Join(tx.Account.CreateBulk(accounts...).Exec(ctx), tx.Credential.CreateBulk(credentials...).Exec(ctx))
	})
	if err != nil {
		return err
	}
	if err := l.names(ctx); err != nil {
		return err
	}
	followers, following := l.graph.degrees()
	return l.batches(ctx, "user", "counts", l.graph.People, func(tx *store.Tx, from, to int) error {
		counts := make([]*ent.UserCountCreate, 0, to-from)
		for n := from; n < to; n++ {
			counts = append(counts, tx.UserCount.Create().SetID(l.personID(n)).
				SetPosts(int64(l.graph.Posts)).SetFollowers(followers[n]).SetFollowing(following[n]))
		}
		return tx.UserCount.CreateBulk(counts...).Exec(ctx)
	})
}

// names writes what people call themselves.
func (l loader) names(ctx context.Context) error {
	if !l.graph.Words {
		return nil
	}
	return l.batches(ctx, "user", "names", l.graph.People, func(tx *store.Tx, from, to int) error {
		rows := make([]*ent.ProfileCreate, 0, to-from)
		for n := from; n < to; n++ {
			rows = append(rows, tx.Profile.Create().SetID(l.personID(n)).SetDisplayName(Name(n)))
		}
		return tx.Profile.CreateBulk(rows...).Exec(ctx)
	})
}

// follows writes who follows whom, follower by follower.
func (l loader) follows(ctx context.Context) error {
	batches := batchesOf(l.graph.Follows())
	l.report("follows", 0, batches)
	began := l.now.Add(-2 * l.graph.Span)
	var pending [][2]int
	written := 0
	flush := func() error {
		err := l.store.For("graph").Write(ctx, func(tx *store.Tx) error {
			rows := make([]*ent.FollowCreate, len(pending))
			for i, f := range pending {
				// Ids grow by one: there are fewer follows than ids in the time before anybody wrote.
				rows[i] = tx.Follow.Create().SetID(id.At(began) + int64(written+i)).
					SetFollowerID(l.personID(f[0])).SetFolloweeID(l.personID(f[1]))
			}
			return tx.Follow.CreateBulk(rows...).Exec(ctx)
		})
		written += len(pending)
		pending = pending[:0]
		l.report("follows", batchesOf(written), batches)
		return err
	}
	for follower, followee := range l.graph.Edges() {
		if pending = append(pending, [2]int{follower, followee}); len(pending) == rowsAtOnce {
			if err := flush(); err != nil {
				return fmt.Errorf("write follows: %w", err)
			}
		}
	}
	if len(pending) == 0 {
		return nil
	}
	return flush()
}

// posts writes what everybody has posted, spread evenly over the span: the first of everybody, the second, and so on.
func (l loader) posts(ctx context.Context) error {
	total := l.graph.People * l.graph.Posts
	if total == 0 {
		return nil
	}
	began, step := l.now.Add(-l.graph.Span), l.graph.Span/time.Duration(total)
	return l.batches(ctx, "post", "posts", total, func(tx *store.Tx, from, to int) error {
		rows, tags := make([]*ent.PostCreate, 0, to-from), []*ent.PostTagCreate(nil)
		for n := from; n < to; n++ {
			// The number in the random part tells posts of the same millisecond apart.
			postID := id.At(began.Add(time.Duration(n)*step)) + int64(n%(1<<20))
			text, tag := Text(n), ""
			if l.graph.Words {
				text, tag = WordsText(n)
			}
			rows = append(rows, tx.Post.Create().SetID(postID).SetThreadID(postID).SetAuthorID(l.personID(n%l.graph.People)).SetText(text))
			if tag != "" {
				tags = append(tags, tx.PostTag.Create().SetID(postID).SetPostID(postID).SetTag(tag).SetTagKey(tag))
			}
		}
		return errors.Join(tx.Post.CreateBulk(rows...).Exec(ctx), tx.PostTag.CreateBulk(tags...).Exec(ctx))
	})
}

// Text is a post of a usual length.
func Text(n int) string {
	return fmt.Sprintf("Note %d: the tram was late again this morning, the blackbird sang for an hour, and nobody minded; more of it tomorrow.", n)
}
