package media

import (
	"context"
	"fmt"

	entmedia "github.com/pulse-social/pulse/ent/media"
	"github.com/pulse-social/pulse/ent/postmedia"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// GetMedia answers one picture of the caller's.
func (h *handler) GetMedia(ctx context.Context, req *mediav1.GetMediaRequest) (*mediav1.GetMediaResponse, error) {
	row, err := own(ctx, h.db.Client, auth.Caller(ctx).UserID, req.GetMediaId(), attachment.Ready)
	if err != nil {
		return nil, err
	}
	return &mediav1.GetMediaResponse{Media: attachment.ToProto(row)}, nil
}

// UpdateMedia changes the alternative text of a picture.
func (h *handler) UpdateMedia(ctx context.Context, req *mediav1.UpdateMediaRequest) (*mediav1.UpdateMediaResponse, error) {
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*mediav1.UpdateMediaResponse, error) {
		row, err := own(ctx, tx.Client, auth.Caller(ctx).UserID, req.GetMediaId(), attachment.Ready)
		if err != nil {
			return nil, err
		}
		row, err = tx.Media.UpdateOne(row).SetAltText(req.GetAltText()).Save(ctx)
		if err != nil {
			return nil, err
		}
		return &mediav1.UpdateMediaResponse{Media: attachment.ToProto(row)}, nil
	})
	if err != nil {
		return nil, err
	}
	// Processes keep posts as they are answered.
	var posts []int64
	err = h.db.PostMedia.Query().Where(postmedia.MediaID(req.GetMediaId()), postmedia.Shown(true)).Select(postmedia.FieldPostID).Scan(ctx, &posts)
	if err != nil {
		return nil, fmt.Errorf("look what the picture is attached to: %w", err)
	}
	h.hints.Announce(bus.PostChanged, posts...)
	return answer, nil
}

// DeleteMedia deletes a picture that is attached to nothing.
func (h *handler) DeleteMedia(ctx context.Context, req *mediav1.DeleteMediaRequest) (*mediav1.DeleteMediaResponse, error) {
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*mediav1.DeleteMediaResponse, error) {
		row, err := own(ctx, tx.Client, auth.Caller(ctx).UserID, req.GetMediaId(), attachment.Uploading, attachment.Ready)
		if err != nil {
			return nil, err
		}
		is, err := tx.Media.Query().Where(entmedia.ID(row.ID), attached).Exist(ctx)
		if err != nil {
			return nil, err
		}
		if is {
			return nil, rpc.Fail(errorsv1.Reason_REASON_MEDIA_ATTACHED, "the picture is attached: take it off the post, draft, message or profile first, or delete that")
		}
		return &mediav1.DeleteMediaResponse{}, letGo(ctx, tx, row)
	})
}
