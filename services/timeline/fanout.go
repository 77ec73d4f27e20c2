package timeline

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	entfollow "github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/mergedauthor"
	"github.com/pulse-social/pulse/ent/usercount"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/store"
)

// fanoutBatch is how many followers are served at once.
const fanoutBatch = 1000

// fanout keeps the lists up with posts and follows.
type fanout struct {
	db             *store.DB
	lists          Lists
	hints          *bus.Hints
	authors        *merged
	mergeFollowers int
	now            clock.Clock
}

// consumer reacts before the event is recorded as consumed: adding an id twice is harmless, since reading drops
// duplicates; adding none would not be.
func (f *fanout) consumer() bus.Consumer {
	return bus.Consumer{
		Name:    "timeline.fanout",
		Events:  []proto.Message{&busv1.PostCreated{}, &busv1.UserFollowed{}, &busv1.UserUnfollowed{}},
		Prepare: f.prepare,
	}
}

func (f *fanout) prepare(ctx context.Context, events []bus.Event) error {
	var changed []int64
	for _, event := range events {
		switch e := event.Message.(type) {
		case *busv1.UserFollowed:
			changed = append(changed, e.GetFollowerId())
		case *busv1.UserUnfollowed:
			changed = append(changed, e.GetFollowerId())
		case *busv1.PostCreated:
			if err := f.post(ctx, e.GetPostId(), e.GetAuthorId()); err != nil {
				return err
			}
		}
	}
	return bus.Later(f.lists.Drop(ctx, changed...))
}

// post adds a post to the lists of its author's followers, unless the author is merged on read.
func (f *fanout) post(ctx context.Context, postID, authorID int64) error {
	merged, err := f.merged(ctx, authorID)
	if err != nil {
		return err
	}
	if merged {
		f.hints.Announce(authorPosted, authorID)
		return nil
	}
	after := int64(0)
	for {
		follows, err := f.db.Follow.Query().
			Where(entfollow.FolloweeID(authorID), entfollow.IDGT(after)).
			Order(entfollow.ByID()).Limit(fanoutBatch).All(ctx)
		if err != nil {
			return fmt.Errorf("read followers: %w", err)
		}
		followers := make([]int64, len(follows))
		for i, row := range follows {
			followers[i], after = row.FollowerID, row.ID
		}
		if err := f.lists.Add(ctx, postID, f.now(), followers); err != nil {
			return bus.Later(err)
		}
		if len(follows) < fanoutBatch {
			return nil
		}
	}
}

// merged tells whether an author's posts are merged on read, and makes it so when they have come to have enough
// followers.
func (f *fanout) merged(ctx context.Context, authorID int64) (bool, error) {
	// In most Pulses nobody is.
	authors, err := f.authors.authors(ctx)
	if err != nil {
		return false, err
	}
	if authors > 0 {
		known, err := f.db.MergedAuthor.Query().Where(mergedauthor.ID(authorID)).Exist(ctx)
		if err != nil || known {
			return known, err
		}
	}
	counts, err := f.db.UserCount.Query().Where(usercount.ID(authorID)).Only(ctx)
	if err != nil && !store.IsNotFound(err) {
		return false, fmt.Errorf("read the author's followers: %w", err)
	}
	if f.mergeFollowers > 0 && (counts == nil || counts.Followers < int64(f.mergeFollowers)) {
		return false, nil
	}
	err = f.db.Write(ctx, func(tx *store.Tx) error {
		known, err := tx.MergedAuthor.Query().Where(mergedauthor.ID(authorID)).Exist(ctx)
		if err != nil || known {
			return err
		}
		return tx.MergedAuthor.Create().SetID(authorID).Exec(ctx)
	})
	f.hints.Announce(authorMerged, authorID)
	return true, err
}
