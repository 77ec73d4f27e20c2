package post

import (
	"context"
	"fmt"
	"slices"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/postmedia"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/store"
)

// attach notes that a post has pictures, by which they are seen with it and kept as long. Those of a draft are not shown.
func attach(ctx context.Context, tx *store.Tx, postID int64, shown bool, mediaIDs []int64) error {
	if len(mediaIDs) == 0 {
		return nil
	}
	rows := make([]*ent.PostMediaCreate, len(mediaIDs))
	for i, mediaID := range mediaIDs {
		rows[i] = tx.PostMedia.Create().SetID(tx.NewID()).SetPostID(postID).SetMediaID(mediaID).SetShown(shown)
	}
	if err := tx.PostMedia.CreateBulk(rows...).Exec(ctx); err != nil {
		return fmt.Errorf("attach pictures: %w", err)
	}
	return nil
}

// keepPictures notes which pictures a draft has: they are the author's alone, and stay as long as it does.
func keepPictures(ctx context.Context, tx *store.Tx, author, draftID int64, mediaIDs []int64) error {
	if err := attachment.Check(ctx, tx.Client, author, mediaIDs...); err != nil {
		return err
	}
	return attach(ctx, tx, draftID, false, mediaIDs)
}

// reattach notes which pictures an edited post has now. Those that it had stay for its author, as what it said does.
func reattach(ctx context.Context, tx *store.Tx, before *ent.Post, after []int64) error {
	if slices.Equal(before.Media, after) {
		return nil
	}
	rows, err := tx.PostMedia.Query().Where(postmedia.PostID(before.ID)).All(ctx)
	if err != nil {
		return fmt.Errorf("read the pictures of the post: %w", err)
	}
	added := slices.Clone(after)
	for _, row := range rows {
		added = slices.DeleteFunc(added, func(mediaID int64) bool { return mediaID == row.MediaID })
		if shown := slices.Contains(after, row.MediaID); shown != row.Shown {
			if err := tx.PostMedia.UpdateOneID(row.ID).SetShown(shown).Exec(ctx); err != nil {
				return err
			}
		}
	}
	return attach(ctx, tx, before.ID, true, added)
}

// detach forgets the pictures of a post or a draft that goes.
func detach(ctx context.Context, tx *store.Tx, postID int64) error {
	_, err := tx.PostMedia.Delete().Where(postmedia.PostID(postID)).Exec(ctx)
	return err
}
