package user

import (
	"context"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/usercount"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/store"
)

// delta is how the counts of a person change.
type delta struct{ posts, followers, following int64 }

// countsConsumer keeps how many posts, followers and followed people a person has.
func countsConsumer() bus.Consumer {
	return bus.Consumer{
		Name:   "user.counts",
		Events: []proto.Message{&busv1.PostCreated{}, &busv1.PostDeleted{}, &busv1.UserFollowed{}, &busv1.UserUnfollowed{}},
		Apply:  applyCounts,
		Pace:   bus.PaceOfCounts,
	}
}

// applyCounts adds up what a batch changes and writes each person's counts once.
func applyCounts(ctx context.Context, tx *store.Tx, events []bus.Event) error {
	changes := map[int64]delta{}
	add := func(userID int64, d delta) {
		sum := changes[userID]
		changes[userID] = delta{posts: sum.posts + d.posts, followers: sum.followers + d.followers, following: sum.following + d.following}
	}
	for _, event := range events {
		switch e := event.Message.(type) {
		case *busv1.PostCreated:
			add(e.GetAuthorId(), delta{posts: 1})
		case *busv1.PostDeleted:
			add(e.GetAuthorId(), delta{posts: -1})
		case *busv1.UserFollowed:
			add(e.GetFollowerId(), delta{following: 1})
			add(e.GetFolloweeId(), delta{followers: 1})
		case *busv1.UserUnfollowed:
			add(e.GetFollowerId(), delta{following: -1})
			add(e.GetFolloweeId(), delta{followers: -1})
		}
	}
	rows := make([]*ent.UserCountCreate, 0, len(changes))
	for userID, d := range changes {
		rows = append(rows, tx.UserCount.Create().SetID(userID).
			SetPosts(d.posts).SetFollowers(d.followers).SetFollowing(d.following))
	}
	return tx.UserCount.CreateBulk(rows...).OnConflict(
		entsql.ConflictColumns(usercount.FieldID),
		entsql.ResolveWith(store.AddExcluded(usercount.Table, usercount.FieldPosts, usercount.FieldFollowers, usercount.FieldFollowing)),
	).Exec(ctx)
}
