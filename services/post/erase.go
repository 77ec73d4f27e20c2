package post

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent"
	entbookmark "github.com/pulse-social/pulse/ent/bookmark"
	entdraft "github.com/pulse-social/pulse/ent/draft"
	entlike "github.com/pulse-social/pulse/ent/like"
	"github.com/pulse-social/pulse/ent/pollvote"
	entpost "github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/postmedia"
	"github.com/pulse-social/pulse/ent/postmention"
	"github.com/pulse-social/pulse/ent/predicate"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/store"
)

// eraseAtOnce bounds how many rows are erased in one transaction: others write meanwhile.
const eraseAtOnce = 200

// eraseConsumer erases what a person wrote and did when their account is deleted, and the reposts of a post that is. It goes
// in steps of a transaction each, before the event is recorded as consumed: one that is repeated finds less or nothing to do.
func (h *handler) eraseConsumer() bus.Consumer {
	return bus.Consumer{
		Name:   "post.erase",
		Events: []proto.Message{&busv1.AccountDeleted{}, &busv1.PostDeleted{}},
		Prepare: func(ctx context.Context, events []bus.Event) error {
			for _, event := range events {
				if err := h.erase(ctx, event); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// An eraser erases some of what belongs to a person or a post, at most eraseAtOnce rows, and answers how many.
type eraser func(ctx context.Context, tx *store.Tx, of int64) (int, error)

// erase erases all that an event leaves behind, step by step.
func (h *handler) erase(ctx context.Context, event bus.Event) error {
	steps := []eraser{erasePosts, eraseLikes, eraseVotes, eraseBookmarks, eraseDrafts, eraseMentions}
	if deleted, ok := event.Message.(*busv1.PostDeleted); ok {
		// Most posts were never reposted, and need no transaction.
		reposted, err := h.db.Post.Query().Where(entpost.RepostOfID(deleted.GetPostId()), entpost.Deleted(false)).Exist(ctx)
		if err != nil || !reposted {
			return err
		}
		steps = []eraser{eraseReposts}
	}
	for _, step := range steps {
		for more := true; more; {
			err := h.db.Write(ctx, func(tx *store.Tx) error {
				erased, err := step(ctx, tx, event.AggregateID)
				more = erased == eraseAtOnce
				return err
			})
			if err != nil {
				return fmt.Errorf("erase what is left: %w", err)
			}
		}
	}
	return nil
}

func erasePosts(ctx context.Context, tx *store.Tx, userID int64) (int, error) {
	return removeAll(ctx, tx, entpost.AuthorID(userID))
}

func eraseReposts(ctx context.Context, tx *store.Tx, postID int64) (int, error) {
	return removeAll(ctx, tx, entpost.RepostOfID(postID))
}

// removeAll deletes posts that match.
func removeAll(ctx context.Context, tx *store.Tx, match predicate.Post) (int, error) {
	rows, err := tx.Post.Query().Where(match, entpost.Deleted(false)).Limit(eraseAtOnce).All(ctx)
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		if _, err := remove(ctx, tx, row); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

func eraseLikes(ctx context.Context, tx *store.Tx, userID int64) (int, error) {
	rows, err := tx.Like.Query().Where(entlike.UserID(userID)).Limit(eraseAtOnce).All(ctx)
	if err != nil {
		return 0, err
	}
	authors, err := authorsOf(ctx, tx, rows)
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		gone, err := tx.Like.Delete().Where(entlike.ID(row.ID)).Exec(ctx)
		if err != nil {
			return 0, err
		}
		if gone == 0 {
			continue
		}
		if err := tx.Emit(&busv1.PostUnliked{PostId: row.PostID, UserId: userID, AuthorId: authors[row.PostID]}); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

// authorsOf answers who wrote the posts that were liked, by post.
func authorsOf(ctx context.Context, tx *store.Tx, likes []*ent.Like) (map[int64]int64, error) {
	postIDs := make([]int64, len(likes))
	for i, row := range likes {
		postIDs[i] = row.PostID
	}
	rows, err := tx.Post.Query().Where(entpost.IDIn(postIDs...)).Select(entpost.FieldID, entpost.FieldAuthorID).All(ctx)
	if err != nil {
		return nil, err
	}
	authors := make(map[int64]int64, len(rows))
	for _, row := range rows {
		authors[row.ID] = row.AuthorID
	}
	return authors, nil
}

func eraseVotes(ctx context.Context, tx *store.Tx, userID int64) (int, error) {
	rows, err := tx.PollVote.Query().Where(pollvote.UserID(userID)).Limit(eraseAtOnce).All(ctx)
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		gone, err := tx.PollVote.Delete().Where(pollvote.ID(row.ID)).Exec(ctx)
		if err != nil {
			return 0, err
		}
		if gone == 0 {
			continue
		}
		if err := addVotes(ctx, tx, row.PostID, row.Choices, -1); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

func eraseBookmarks(ctx context.Context, tx *store.Tx, userID int64) (int, error) {
	ids, err := tx.Bookmark.Query().Where(entbookmark.UserID(userID)).Limit(eraseAtOnce).IDs(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	_, err = tx.Bookmark.Delete().Where(entbookmark.IDIn(ids...)).Exec(ctx)
	return len(ids), err
}

func eraseDrafts(ctx context.Context, tx *store.Tx, userID int64) (int, error) {
	ids, err := tx.Draft.Query().Where(entdraft.AuthorID(userID)).IDs(ctx) // There are not many: at once.
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	if _, err := tx.PostMedia.Delete().Where(postmedia.PostIDIn(ids...)).Exec(ctx); err != nil {
		return 0, err
	}
	_, err = tx.Draft.Delete().Where(entdraft.IDIn(ids...)).Exec(ctx)
	return 0, err
}

// eraseMentions forgets who mentioned the person; the texts are those of others.
func eraseMentions(ctx context.Context, tx *store.Tx, userID int64) (int, error) {
	ids, err := tx.PostMention.Query().Where(postmention.UserID(userID)).Limit(eraseAtOnce).IDs(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	_, err = tx.PostMention.Delete().Where(postmention.IDIn(ids...)).Exec(ctx)
	return len(ids), err
}
