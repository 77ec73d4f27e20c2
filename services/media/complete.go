package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pulse-social/pulse/ent"
	entmedia "github.com/pulse-social/pulse/ent/media"
	"github.com/pulse-social/pulse/ent/schema"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/picture"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// largestSide bounds how wide and high a picture may be, whatever its area.
	largestSide = 16_384
	// longestWait bounds how long a picture waits for its turn to be made.
	longestWait = 5 * time.Second
)

// CompleteUpload makes a picture of what was uploaded. The files come first, then the row says that they are there.
func (h *handler) CompleteUpload(ctx context.Context, req *mediav1.CompleteUploadRequest) (*mediav1.CompleteUploadResponse, error) {
	row, err := own(ctx, h.db.Client, auth.Caller(ctx).UserID, req.GetMediaId(), attachment.Uploading, attachment.Ready)
	if err != nil {
		return nil, err
	}
	if row.State == attachment.Uploading {
		if row, err = h.complete(ctx, row); err != nil {
			h.measure.refused(ctx, err)
			return nil, err
		}
	}
	return &mediav1.CompleteUploadResponse{Media: attachment.ToProto(row)}, nil
}

// complete makes the picture of an upload and answers its row.
func (h *handler) complete(ctx context.Context, row *ent.Media) (*ent.Media, error) {
	made, err := h.make(ctx, row)
	if rpc.Failed(err, errorsv1.Reason_REASON_MEDIA_NOT_UPLOADED) {
		// Another call may have made the picture while this one waited for its turn.
		if ready, none := own(ctx, h.db.Client, row.OwnerID, row.ID, attachment.Ready); none == nil {
			return ready, nil
		}
	}
	if made.refused {
		if gone := h.discard(ctx, row); gone != nil {
			return nil, gone
		}
	}
	if err != nil {
		return nil, err
	}
	variants, total, err := h.keep(ctx, row.ID, made.picture)
	if err != nil {
		return nil, h.storage(ctx, err)
	}
	var changed int
	err = h.db.Write(ctx, func(tx *store.Tx) (err error) {
		changed, err = tx.Media.Update().Where(entmedia.ID(row.ID), entmedia.State(attachment.Uploading)).
			SetState(attachment.Ready).SetSizeBytes(total).SetWidth(int32(made.picture.Width)).SetHeight(int32(made.picture.Height)).
			SetBlurhash(made.picture.Blurhash).SetAnimated(made.picture.Animated).SetVariants(variants).Save(ctx)
		if err != nil || changed == 0 { // Another call was faster: it made the same of the same.
			return err
		}
		return use(ctx, tx, row.OwnerID, total-row.SizeBytes)
	})
	if err != nil {
		return nil, err
	}
	if changed > 0 {
		h.measure.became(ctx, total)
	}
	if err := h.files.remove(ctx, uploadKey(row.ID)); err != nil {
		h.log.WarnContext(ctx, "an upload stays until it is collected", "media", row.ID, "error", err)
	}
	return own(ctx, h.db.Client, row.OwnerID, row.ID, attachment.Ready)
}

// making is what became of an upload.
type making struct {
	picture *picture.Picture
	// refused tells that it will never be a picture.
	refused bool
}

// make reads an upload and makes a picture of it, when its turn comes.
func (h *handler) make(ctx context.Context, row *ent.Media) (making, error) {
	turn, cancel := context.WithTimeout(ctx, longestWait)
	defer cancel()
	select {
	case h.making <- struct{}{}:
		defer func() { <-h.making }()
	case <-turn.Done():
		if ctx.Err() != nil {
			return making{}, ctx.Err()
		}
		return making{}, rpc.Fail(errorsv1.Reason_REASON_OVERLOADED, "many pictures are uploaded just now: try again in a moment").After(longestWait)
	}
	limit := min(row.SizeBytes, h.config.MaxBytes)
	content, missing, err := h.files.read(ctx, uploadKey(row.ID), limit)
	switch {
	case err != nil:
		return making{}, h.storage(ctx, err)
	case missing:
		return making{}, rpc.Fail(errorsv1.Reason_REASON_MEDIA_NOT_UPLOADED, "the file was not sent yet: PUT it to the upload_url first")
	case int64(len(content)) > limit: // Only a storage that it was sent to straight takes more.
		return making{refused: true}, tooLarge(limit)
	}
	began := h.now()
	made, err := picture.Make(content, picture.Limits{MaxPixels: h.config.MaxPixels, MaxSide: largestSide})
	h.measure.made(ctx, h.now().Sub(began))
	switch {
	case errors.Is(err, picture.ErrType):
		err = rpc.Fail(errorsv1.Reason_REASON_MEDIA_TYPE_UNSUPPORTED, "%v", err)
	case errors.Is(err, picture.ErrSize):
		err = rpc.Fail(errorsv1.Reason_REASON_MEDIA_DIMENSIONS_TOO_LARGE, "%v", err)
	case err != nil:
		err = rpc.Fail(errorsv1.Reason_REASON_MEDIA_DAMAGED, "%v", err)
	}
	return making{picture: made, refused: err != nil}, err
}

// keep writes the files of a picture and answers what they are.
func (h *handler) keep(ctx context.Context, mediaID int64, made *picture.Picture) (variants []schema.MediaVariant, total int64, err error) {
	for _, v := range made.Variants {
		size, ok := attachment.Size(v.Name)
		if !ok {
			return nil, 0, fmt.Errorf("there is no size %q", v.Name)
		}
		if err := h.files.write(ctx, variantKey(mediaID, size), v.ContentType, bytes.NewReader(v.Data)); err != nil {
			return nil, 0, err
		}
		variants = append(variants, schema.MediaVariant{
			Size: int32(size), ContentType: v.ContentType, Width: int32(v.Width), Height: int32(v.Height), Bytes: int64(len(v.Data)),
		})
		total += int64(len(v.Data))
	}
	return variants, total, nil
}

// discard gives up an upload that is no picture.
func (h *handler) discard(ctx context.Context, row *ent.Media) error {
	return h.db.Write(ctx, func(tx *store.Tx) error { return letGo(ctx, tx, row) })
}
