package timeline

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent"
	entfollow "github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/mergedauthor"
	entpost "github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/postmention"
	"github.com/pulse-social/pulse/ent/predicate"
	"github.com/pulse-social/pulse/ent/usercount"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// fanoutBatch is how many lists are added to at once.
const fanoutBatch = 1000

// fanout keeps the lists up with posts and follows.
type fanout struct {
	db             *store.DB
	lists          Lists
	stamps         *stamp.Book
	hints          *bus.Hints
	authors        *merged
	mergeFollowers int
	now            clock.Clock
}

// consumer reacts before the event is recorded as consumed: adding an id twice is harmless, since reading drops
// duplicates; adding none would not be.
func (f *fanout) consumer() bus.Consumer {
	return bus.Consumer{
		Name: "timeline.fanout",
		Events: []proto.Message{
			&busv1.PostCreated{}, &busv1.PostEdited{}, &busv1.UserFollowed{}, &busv1.UserUnfollowed{}, &busv1.UserBlocked{}, &busv1.UserUnblocked{},
			&busv1.ProfileChanged{}, &busv1.AccountStateChanged{}, &busv1.AccountDeleted{},
		},
		Prepare: f.prepare,
		Pace:    bus.PaceOfSight,
	}
}

func (f *fanout) prepare(ctx context.Context, events []bus.Event) error {
	var changed, posts []int64
	for _, event := range events {
		switch e := event.Message.(type) {
		case *busv1.UserFollowed:
			changed = append(changed, e.GetFollowerId())
		case *busv1.UserUnfollowed:
			changed = append(changed, e.GetFollowerId())
		case *busv1.PostCreated:
			posts = append(posts, e.GetPostId())
		case *busv1.PostEdited:
			posts = append(posts, e.GetPostId())
		}
	}
	f.forget(ctx, events)
	if err := f.posts(ctx, posts); err != nil {
		return err
	}
	return bus.Later(f.lists.Drop(ctx, changed...))
}

// forget has everybody drop what they keep of what has changed. Who made the change has seen to that already, unless their
// process has ended just then.
func (f *fanout) forget(ctx context.Context, events []bus.Event) {
	for _, event := range events {
		switch e := event.Message.(type) {
		case *busv1.UserUnfollowed:
			f.stamps.Changed(ctx, e.GetFollowerId(), stamp.Follows)
		case *busv1.UserBlocked:
			f.stamps.Changed(ctx, e.GetBlockerId(), stamp.Follows)
			f.stamps.Changed(ctx, e.GetBlockedId(), stamp.Follows)
		case *busv1.UserUnblocked:
			f.stamps.Changed(ctx, e.GetBlockerId(), stamp.Follows)
			f.stamps.Changed(ctx, e.GetBlockedId(), stamp.Follows)
		case *busv1.PostEdited:
			f.hints.Announce(bus.PostChanged, event.AggregateID)
		case *busv1.ProfileChanged, *busv1.AccountStateChanged, *busv1.AccountDeleted:
			f.hints.Announce(bus.PersonChanged, event.AggregateID)
		}
	}
}

// posts adds posts to the lists of those of their authors' followers who may see them, unless the author is merged on read. One
// that was edited is added again, for more people may see it now.
func (f *fanout) posts(ctx context.Context, postIDs []int64) error {
	if len(postIDs) == 0 {
		return nil
	}
	rows, err := f.db.Post.Query().Where(entpost.IDIn(postIDs...), entpost.Deleted(false)).Order(entpost.ByID()).
		Select(entpost.FieldID, entpost.FieldAuthorID, entpost.FieldAudience).All(ctx)
	if err != nil {
		return fmt.Errorf("read posts: %w", err)
	}
	known, err := f.readerships(ctx, rows)
	if err != nil {
		return err
	}
	var some []*ent.Post
	var readers int64
	for _, row := range rows {
		author := known[row.AuthorID]
		merged, err := f.merged(ctx, row.AuthorID, author)
		switch {
		case err != nil:
			return err
		case merged:
			f.hints.Announce(authorPosted, row.AuthorID)
		case author.followers > fanoutBatch || postv1.Audience(row.Audience) == postv1.Audience_AUDIENCE_MENTIONED:
			err = f.post(ctx, row)
		default:
			if readers += author.followers; readers > fanoutBatch {
				err = f.together(ctx, some)
				some, readers = nil, author.followers
			}
			some = append(some, row)
		}
		if err != nil {
			return err
		}
	}
	return f.together(ctx, some)
}

// together adds posts that all have few readers, who are read by one query and told by one call to Redis.
func (f *fanout) together(ctx context.Context, posts []*ent.Post) error {
	if len(posts) == 0 {
		return nil
	}
	authors := make([]int64, len(posts))
	for i, post := range posts {
		authors[i] = post.AuthorID
	}
	follows, err := f.db.Follow.Query().Where(entfollow.FolloweeIDIn(authors...)).
		Select(entfollow.FieldFolloweeID, entfollow.FieldFollowerID).All(ctx)
	if err != nil {
		return fmt.Errorf("read followers: %w", err)
	}
	followers := map[int64][]int64{}
	for _, row := range follows {
		followers[row.FolloweeID] = append(followers[row.FolloweeID], row.FollowerID)
	}
	added := make([]Posted, len(posts))
	for i, post := range posts {
		added[i] = Posted{post.ID, followers[post.AuthorID]}
	}
	return bus.Later(f.lists.Add(ctx, f.now(), added...))
}

// post adds a post that has many readers, or only some of its author's followers, in parts.
func (f *fanout) post(ctx context.Context, post *ent.Post) error {
	among := []predicate.Follow{entfollow.FolloweeID(post.AuthorID)}
	if postv1.Audience(post.Audience) == postv1.Audience_AUDIENCE_MENTIONED {
		mentioned := entsql.Select(postmention.FieldUserID).From(entsql.Table(postmention.Table)).
			Where(entsql.EQ(postmention.FieldPostID, post.ID))
		among = append(among, func(s *entsql.Selector) { s.Where(entsql.In(s.C(entfollow.FieldFollowerID), mentioned)) })
	}
	after := int64(0)
	for {
		follows, err := f.db.Follow.Query().
			Where(append(among, entfollow.IDGT(after))...).
			Order(entfollow.ByID()).Limit(fanoutBatch).
			Select(entfollow.FieldID, entfollow.FieldFollowerID).All(ctx)
		if err != nil {
			return fmt.Errorf("read followers: %w", err)
		}
		followers := make([]int64, len(follows))
		for i, row := range follows {
			followers[i], after = row.FollowerID, row.ID
		}
		if err := f.lists.Add(ctx, f.now(), Posted{post.ID, followers}); err != nil {
			return bus.Later(err)
		}
		if len(follows) < fanoutBatch {
			return nil
		}
	}
}

// readership is what is known of an author's readers: whether their posts are merged on read, and how many followers they had a moment ago.
type readership struct {
	merged    bool
	followers int64
}

// readerships answers the readerships of the authors of posts.
func (f *fanout) readerships(ctx context.Context, posts []*ent.Post) (map[int64]readership, error) {
	authors := make([]int64, len(posts))
	for i, post := range posts {
		authors[i] = post.AuthorID
	}
	counts, err := f.db.UserCount.Query().Where(usercount.IDIn(authors...)).Select(usercount.FieldID, usercount.FieldFollowers).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the authors' followers: %w", err)
	}
	known := make(map[int64]readership, len(authors))
	for _, count := range counts {
		known[count.ID] = readership{followers: count.Followers}
	}
	// In most Pulses nobody is merged.
	if some, err := f.authors.authors(ctx); err != nil || some == 0 {
		return known, err
	}
	merged, err := f.db.MergedAuthor.Query().Where(mergedauthor.IDIn(authors...)).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("read merged authors: %w", err)
	}
	for _, author := range merged {
		known[author] = readership{merged: true, followers: known[author].followers}
	}
	return known, nil
}

// merged tells whether an author's posts are merged on read, and makes it so when they have come to have enough
// followers.
func (f *fanout) merged(ctx context.Context, authorID int64, known readership) (bool, error) {
	if known.merged || f.mergeFollowers > 0 && known.followers < int64(f.mergeFollowers) {
		return known.merged, nil
	}
	err := f.db.Write(ctx, func(tx *store.Tx) error {
		known, err := tx.MergedAuthor.Query().Where(mergedauthor.ID(authorID)).Exist(ctx)
		if err != nil || known {
			return err
		}
		return tx.MergedAuthor.Create().SetID(authorID).Exec(ctx)
	})
	f.hints.Announce(authorMerged, authorID)
	return true, err
}
