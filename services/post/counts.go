package post

import (
	"context"
	"slices"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/postcount"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/store"
)

// delta is how the counts of a post change.
type delta struct{ likes, replies, reposts, quotes int64 }

// countsConsumer keeps how many likes, replies, reposts and quotes a post has, and tells those who hold a copy of it.
func (h *handler) countsConsumer() bus.Consumer {
	return bus.Consumer{
		Name:   "post.counts",
		Events: []proto.Message{&busv1.PostCreated{}, &busv1.PostDeleted{}, &busv1.PostLiked{}, &busv1.PostUnliked{}},
		Concerns: func(event proto.Message) bool {
			e, ok := event.(*busv1.PostCreated)
			return !ok || isAboutAnother(e)
		},
		Apply: applyCounts,
		Pace:  bus.PaceOfCounts,
		Done:  func(events []bus.Event) { h.hints.Announce(bus.PostChanged, changedPosts(events)...) },
	}
}

// isAboutAnother tells that a post counts at another one.
func isAboutAnother(e *busv1.PostCreated) bool {
	return e.GetReplyToId() != 0 || e.GetRepostOfId() != 0 || e.GetQuoteOfId() != 0
}

// changedPosts answers the posts that are not what they were, in their counts or in being there.
func changedPosts(events []bus.Event) []int64 {
	var changed []int64
	for _, event := range events {
		switch e := event.Message.(type) {
		case *busv1.PostCreated:
			changed = append(changed, e.GetReplyToId(), e.GetRepostOfId(), e.GetQuoteOfId())
		case *busv1.PostDeleted:
			changed = append(changed, e.GetPostId(), e.GetReplyToId(), e.GetRepostOfId(), e.GetQuoteOfId())
		case *busv1.PostLiked, *busv1.PostUnliked:
			changed = append(changed, event.AggregateID)
		}
	}
	return slices.DeleteFunc(changed, func(postID int64) bool { return postID == 0 })
}

// applyCounts adds up what a batch changes and writes each post's counts once.
func applyCounts(ctx context.Context, tx *store.Tx, events []bus.Event) error {
	changes := map[int64]delta{}
	add := func(postID int64, d delta) {
		if postID != 0 {
			sum := changes[postID]
			changes[postID] = delta{
				likes: sum.likes + d.likes, replies: sum.replies + d.replies, reposts: sum.reposts + d.reposts, quotes: sum.quotes + d.quotes,
			}
		}
	}
	for _, event := range events {
		switch e := event.Message.(type) {
		case *busv1.PostCreated:
			add(e.GetReplyToId(), delta{replies: 1})
			add(e.GetRepostOfId(), delta{reposts: 1})
			add(e.GetQuoteOfId(), delta{quotes: 1})
		case *busv1.PostDeleted:
			add(e.GetReplyToId(), delta{replies: -1})
			add(e.GetRepostOfId(), delta{reposts: -1})
			add(e.GetQuoteOfId(), delta{quotes: -1})
		case *busv1.PostLiked:
			add(e.GetPostId(), delta{likes: 1})
		case *busv1.PostUnliked:
			add(e.GetPostId(), delta{likes: -1})
		}
	}
	return writeCounts(ctx, tx, changes)
}

// writeCounts adds changes to the counts, making rows where there are none.
func writeCounts(ctx context.Context, tx *store.Tx, changes map[int64]delta) error {
	rows := make([]*ent.PostCountCreate, 0, len(changes))
	for postID, d := range changes {
		rows = append(rows, tx.PostCount.Create().SetID(postID).SetLikes(d.likes).SetReplies(d.replies).SetReposts(d.reposts).SetQuotes(d.quotes))
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.PostCount.CreateBulk(rows...).OnConflict(
		entsql.ConflictColumns(postcount.FieldID),
		entsql.ResolveWith(store.AddExcluded(postcount.Table, postcount.FieldLikes, postcount.FieldReplies, postcount.FieldReposts, postcount.FieldQuotes)),
	).Exec(ctx)
}
