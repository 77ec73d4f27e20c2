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
	followers, err := followersOf(ctx, tx, posts, merged)
	if err != nil {
		return err
	}
	for _, post := range posts {
		what := entry{kind: kindPost, object: post.ID, actor: post.AuthorID}
		if merged[post.AuthorID] {
			into.add(sharedLog, what)
			continue
		}
		readers := followers[post.AuthorID]
		if onlyMentioned(post) {
			if readers, err = mentionedOf(ctx, tx, post); err != nil {
				return err
			}
		}
		for _, userID := range readers {
			into.add(userID, what)
		}
		into.add(post.AuthorID, what)
	}
	return nil
}

func onlyMentioned(post *ent.Post) bool {
	return postv1.Audience(post.Audience) == postv1.Audience_AUDIENCE_MENTIONED
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

// followersOf answers those of the followers of posts' authors who have a log, by the author; of authors who are merged, or whose
// posts are for the mentioned alone, none.
func followersOf(ctx context.Context, tx *store.Tx, posts []*ent.Post, merged map[int64]bool) (map[int64][]int64, error) {
	var authors []int64
	for _, post := range posts {
		if !merged[post.AuthorID] && !onlyMentioned(post) {
			authors = append(authors, post.AuthorID)
		}
	}
	followers := make(map[int64][]int64, len(authors))
	if len(authors) == 0 {
		return followers, nil
	}
	rows, err := tx.Follow.Query().Where(entfollow.FolloweeIDIn(authors...), haveLog(entfollow.FieldFollowerID)).
		Select(entfollow.FieldFolloweeID, entfollow.FieldFollowerID).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read followers: %w", err)
	}
	for _, row := range rows {
		followers[row.FolloweeID] = append(followers[row.FolloweeID], row.FollowerID)
	}
	return followers, nil
}

// mentionedOf answers those of the followers of a post's author who have a log and are mentioned.
func mentionedOf(ctx context.Context, tx *store.Tx, post *ent.Post) ([]int64, error) {
	mentioned := entsql.Select(postmention.FieldUserID).From(entsql.Table(postmention.Table)).
		Where(entsql.EQ(postmention.FieldPostID, post.ID))
	var followers []int64
	err := tx.Follow.Query().Where(
		entfollow.FolloweeID(post.AuthorID), haveLog(entfollow.FieldFollowerID),
		func(s *entsql.Selector) { s.Where(entsql.In(s.C(entfollow.FieldFollowerID), mentioned)) },
	).Select(entfollow.FieldFollowerID).Scan(ctx, &followers)
	if err != nil {
		return nil, fmt.Errorf("read the mentioned: %w", err)
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
