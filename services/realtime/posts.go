package realtime

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	entfollow "github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/mergedauthor"
	entpost "github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/postmention"
	"github.com/pulse-social/pulse/ent/predicate"
	"github.com/pulse-social/pulse/ent/streamhead"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/store"
)

// logPosts logs new posts for their authors and those who follow them, as the home timeline has them. A post of an author
// who is merged on read, for there are very many followers, is logged once, in the log that all share. Whether it is, is
// decided here and once.
func logPosts(ctx context.Context, tx *store.Tx, events []bus.Event, into entries) error {
	var ids []int64
	for _, event := range events {
		if e, ok := event.Message.(*busv1.PostCreated); ok {
			ids = append(ids, e.GetPostId())
		}
	}
	if len(ids) == 0 {
		return nil
	}
	posts, err := tx.Post.Query().Where(entpost.IDIn(ids...), entpost.Deleted(false)).Order(entpost.ByID()).
		Select(entpost.FieldID, entpost.FieldAuthorID, entpost.FieldAudience).All(ctx)
	if err != nil {
		return fmt.Errorf("read posts: %w", err)
	}
	merged, err := mergedAmong(ctx, tx, posts)
	if err != nil {
		return err
	}
	for _, post := range posts {
		what := entry{kind: kindPost, object: post.ID, actor: post.AuthorID}
		if merged[post.AuthorID] {
			into.add(sharedLog, what)
			continue
		}
		followers, err := followersOf(ctx, tx, post)
		if err != nil {
			return err
		}
		for _, userID := range append(followers, post.AuthorID) {
			into.add(userID, what)
		}
	}
	return nil
}

// mergedAmong tells which authors of posts are merged on read.
func mergedAmong(ctx context.Context, tx *store.Tx, posts []*ent.Post) (map[int64]bool, error) {
	authors := make([]int64, len(posts))
	for i, post := range posts {
		authors[i] = post.AuthorID
	}
	ids, err := tx.MergedAuthor.Query().Where(mergedauthor.IDIn(authors...)).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("read merged authors: %w", err)
	}
	merged := make(map[int64]bool, len(ids))
	for _, id := range ids {
		merged[id] = true
	}
	return merged, nil
}

// followersOf answers those of the followers of a post's author who have a log, and may come to see the post.
func followersOf(ctx context.Context, tx *store.Tx, post *ent.Post) ([]int64, error) {
	among := []predicate.Follow{entfollow.FolloweeID(post.AuthorID), haveLog(entfollow.FieldFollowerID)}
	if postv1.Audience(post.Audience) == postv1.Audience_AUDIENCE_MENTIONED {
		mentioned := entsql.Select(postmention.FieldUserID).From(entsql.Table(postmention.Table)).
			Where(entsql.EQ(postmention.FieldPostID, post.ID))
		among = append(among, func(s *entsql.Selector) { s.Where(entsql.In(s.C(entfollow.FieldFollowerID), mentioned)) })
	}
	var followers []int64
	err := tx.Follow.Query().Where(among...).Select(entfollow.FieldFollowerID).Scan(ctx, &followers)
	if err != nil {
		return nil, fmt.Errorf("read followers: %w", err)
	}
	return followers, nil
}

// haveLog matches rows whose column is the id of a person who has a log. It asks of each row: SQLite would else begin with the
// logs, of which there are many.
func haveLog(column string) func(*entsql.Selector) {
	return func(s *entsql.Selector) {
		heads := entsql.Table(streamhead.Table)
		s.Where(entsql.Exists(entsql.Select(heads.C(streamhead.FieldID)).From(heads).
			Where(entsql.ColumnsEQ(heads.C(streamhead.FieldID), s.C(column)))))
	}
}
