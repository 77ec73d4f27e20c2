package notification

import (
	"context"
	"maps"
	"slices"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/notificationcause"
	entpost "github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/postmention"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

// postLock is held by who writes causes from posts. Whom a post mentions changes with each edit, so who looks at it later
// must find the causes that were written before.
const postLock = "notification.posts"

// lookAtPosts adds what posts are to those who wrote what they reply to, quote or repost, and to those whom they mention.
func (h *handler) lookAtPosts(ctx context.Context, tx *store.Tx, l *looks, into *candidates) error {
	if len(l.posts) == 0 {
		return nil
	}
	if err := tx.Lock(ctx, postLock); err != nil {
		return err
	}
	ids := slices.Sorted(maps.Keys(l.posts))
	posts, err := tx.Post.Query().Where(entpost.IDIn(ids...)).Order(entpost.ByID()).All(ctx)
	if err != nil {
		return err
	}
	authors, err := authorsAround(ctx, tx, posts)
	if err != nil {
		return err
	}
	told, err := whomPostsConcern(ctx, tx, ids)
	if err != nil {
		return err
	}
	for _, post := range posts {
		came := l.posts[post.ID]
		if post.RepostOfID != 0 {
			into.add(candidate{
				key:     key{authors[post.RepostOfID], kindRepost, post.AuthorID, post.RepostOfID},
				subject: post.RepostOfID, holds: !post.Deleted, raises: came.created,
			})
			continue
		}
		// What an old post says anew was told when it was written, maybe, and is forgotten since.
		anew := came.edited && id.Time(post.ID).After(tx.Now.Add(-h.config.Keep))
		told[post.ID].add(post, authors, came.created, anew, into)
	}
	return repostsAnew(ctx, tx, into)
}

// concerned are the people whom a post mentions, and of what kind their causes of it are.
type concerned struct {
	mentioned []int64
	causes    map[int64]notificationv1.NotificationKind
}

// add adds what a post is to each person, once: a reply to them rather than a quote, a quote rather than a mention.
func (c *concerned) add(post *ent.Post, authors map[int64]int64, created, edited bool, into *candidates) {
	kinds := map[int64]notificationv1.NotificationKind{}
	if c != nil {
		for _, userID := range c.mentioned {
			kinds[userID] = kindMention
		}
	}
	kinds[authors[post.QuoteOfID]] = kindQuote
	kinds[authors[post.ReplyToID]] = kindReply
	for _, userID := range slices.Sorted(maps.Keys(kinds)) {
		kind := kinds[userID]
		into.add(candidate{
			key: key{userID, kind, post.AuthorID, post.ID}, subject: post.ID, holds: !post.Deleted,
			raises: created || edited && kind == kindMention, texts: []string{post.Text, post.ContentWarning},
		})
	}
	if c == nil {
		return
	}
	for userID, kind := range c.causes {
		if kinds[userID] != kind {
			into.add(candidate{key: key{userID, kind, post.AuthorID, post.ID}, subject: post.ID})
		}
	}
}

// authorsAround answers who wrote what posts reply to, quote and repost, by post.
func authorsAround(ctx context.Context, tx *store.Tx, posts []*ent.Post) (map[int64]int64, error) {
	var around []int64
	for _, post := range posts {
		around = append(around, post.ReplyToID, post.QuoteOfID, post.RepostOfID)
	}
	rows, err := tx.Post.Query().Where(entpost.IDIn(id.Unique(around)...)).Select(entpost.FieldID, entpost.FieldAuthorID).All(ctx)
	authors := make(map[int64]int64, len(rows))
	for _, row := range rows {
		authors[row.ID] = row.AuthorID
	}
	return authors, err
}

// whomPostsConcern answers whom posts mention, and who was told of them, by post.
func whomPostsConcern(ctx context.Context, tx *store.Tx, ids []int64) (map[int64]*concerned, error) {
	by := map[int64]*concerned{}
	of := func(postID int64) *concerned {
		if by[postID] == nil {
			by[postID] = &concerned{causes: map[int64]notificationv1.NotificationKind{}}
		}
		return by[postID]
	}
	mentions, err := tx.PostMention.Query().Where(postmention.PostIDIn(ids...)).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range mentions {
		of(m.PostID).mentioned = append(of(m.PostID).mentioned, m.UserID)
	}
	causes, err := tx.NotificationCause.Query().Where(
		notificationcause.ObjectIDIn(ids...), notificationcause.KindIn(int32(kindReply), int32(kindQuote), int32(kindMention)),
	).All(ctx)
	for _, c := range causes {
		of(c.ObjectID).causes[c.RecipientID] = notificationv1.NotificationKind(c.Kind)
	}
	return by, err
}

// repostsAnew finds out which reposts there are: what was taken back may have been done again since.
func repostsAnew(ctx context.Context, tx *store.Tx, found *candidates) error {
	var pairs []pair
	for _, c := range found.all {
		if c.kind == kindRepost {
			pairs = append(pairs, pair{c.actor, c.object})
		}
	}
	there, err := among(pairs, func(actors, originals []int64, add func(from, to int64)) error {
		rows, err := tx.Post.Query().
			Where(entpost.RepostOfIDIn(originals...), entpost.AuthorIDIn(actors...), entpost.Deleted(false)).
			Select(entpost.FieldAuthorID, entpost.FieldRepostOfID).All(ctx)
		for _, row := range rows {
			add(row.AuthorID, row.RepostOfID)
		}
		return err
	})
	for _, c := range found.all {
		if c.kind == kindRepost {
			c.holds = there[pair{c.actor, c.object}]
		}
	}
	return err
}
