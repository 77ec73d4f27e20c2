package media

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	entmedia "github.com/pulse-social/pulse/ent/media"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// accepted are the media types of files that are taken.
var accepted = []string{"image/jpeg", "image/png", "image/gif", "image/webp"}

// CreateUpload begins an upload.
func (h *handler) CreateUpload(ctx context.Context, req *mediav1.CreateUploadRequest) (*mediav1.CreateUploadResponse, error) {
	answer, err := h.begin(ctx, req)
	if err != nil {
		h.measure.refused(ctx, err)
		return nil, err
	}
	return answer, nil
}

// begin takes in an upload's row and answers where the file goes.
func (h *handler) begin(ctx context.Context, req *mediav1.CreateUploadRequest) (*mediav1.CreateUploadResponse, error) {
	if !slices.Contains(accepted, req.GetContentType()) {
		return nil, unsupported(req.GetContentType())
	}
	if req.GetSizeBytes() > h.config.MaxBytes {
		return nil, tooLarge(h.config.MaxBytes)
	}
	owner := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*mediav1.CreateUploadResponse, error) {
		if err := h.reserve(ctx, tx, owner, req.GetSizeBytes()); err != nil {
			return nil, err
		}
		mediaID := tx.NewID()
		return &mediav1.CreateUploadResponse{MediaId: mediaID}, tx.Media.Create().SetID(mediaID).SetOwnerID(owner).SetState(attachment.Uploading).
			SetContentType(req.GetContentType()).SetSizeBytes(req.GetSizeBytes()).SetAltText(req.GetAltText()).Exec(ctx)
	})
	if err != nil {
		return nil, err
	}
	// The address is no part of what is kept under an idempotency key: it is a secret.
	if h.config.Presign {
		until := h.now().Add(linkLife)
		answer.UploadUrl, answer.Headers, err = h.files.presigned(ctx, answer.GetMediaId(), req.GetContentType(), linkLife)
		answer.ExpireTime = timestamppb.New(until)
		return answer, h.storage(ctx, err)
	}
	link, until, err := h.keys.make(ctx, forUpload, answer.GetMediaId())
	answer.UploadUrl, answer.ExpireTime = "/uploads/"+link, timestamppb.New(until)
	answer.Headers = map[string]string{"Content-Type": req.GetContentType()}
	return answer, err
}

func unsupported(contentType string) *rpc.Failure {
	return rpc.Fail(errorsv1.Reason_REASON_MEDIA_TYPE_UNSUPPORTED, "%q is none of the pictures that are taken: send one of %s", contentType, strings.Join(accepted, ", ")).
		With("content_type", contentType)
}

func tooLarge(limit int64) *rpc.Failure {
	return rpc.Fail(errorsv1.Reason_REASON_MEDIA_TOO_LARGE, "the file is larger than %d bytes: make it smaller", limit).With("limit", limit)
}

// storage makes of an error of the storage a failure that says so; the cause is for the log.
func (h *handler) storage(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	h.log.WarnContext(ctx, "the storage of pictures fails", "error", err)
	return rpc.Fail(errorsv1.Reason_REASON_MEDIA_STORAGE_UNAVAILABLE, "pictures cannot be stored or read now: try again in a moment")
}

// own answers a picture of the caller's, or an upload that is to become one.
func own(ctx context.Context, db *ent.Client, caller, mediaID int64, states ...int32) (*ent.Media, error) {
	row, err := db.Media.Query().Where(entmedia.ID(mediaID), entmedia.OwnerID(caller), entmedia.StateIn(states...)).Only(ctx)
	if store.IsNotFound(err) {
		return nil, rpc.Fail(errorsv1.Reason_REASON_MEDIA_NOT_FOUND, "you have no such picture")
	}
	if err != nil {
		return nil, fmt.Errorf("look for the picture: %w", err)
	}
	return row, nil
}
