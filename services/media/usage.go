package media

import (
	"context"
	"fmt"

	"github.com/pulse-social/pulse/ent/mediausage"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// GetMediaUsage answers how much of the caller's quota is used.
func (h *handler) GetMediaUsage(ctx context.Context, _ *mediav1.GetMediaUsageRequest) (*mediav1.GetMediaUsageResponse, error) {
	row, err := h.db.MediaUsage.Get(ctx, auth.Caller(ctx).UserID)
	answer := &mediav1.GetMediaUsageResponse{QuotaBytes: h.config.Quota}
	switch {
	case store.IsNotFound(err):
		return answer, nil
	case err != nil:
		return nil, fmt.Errorf("read what is used: %w", err)
	}
	answer.UsedBytes = row.Bytes
	return answer, nil
}

// reserve takes some of a person's quota, if there is as much.
func (h *handler) reserve(ctx context.Context, tx *store.Tx, owner, size int64) error {
	fits, err := tx.MediaUsage.Update().Where(mediausage.ID(owner), mediausage.BytesLTE(h.config.Quota-size)).AddBytes(size).Save(ctx)
	if err != nil || fits > 0 {
		return err
	}
	row, err := tx.MediaUsage.Get(ctx, owner)
	var used int64
	switch {
	case store.IsNotFound(err) && size <= h.config.Quota:
		return tx.MediaUsage.Create().SetID(owner).SetBytes(size).Exec(ctx)
	case err == nil:
		used = row.Bytes
	case !store.IsNotFound(err):
		return err
	}
	return rpc.Fail(errorsv1.Reason_REASON_MEDIA_QUOTA_EXCEEDED, "your pictures take %d bytes, and may take %d: delete some first", used, h.config.Quota).
		With("limit", h.config.Quota).With("used", used)
}

// use adds to what a person uses, who has been given as much; less than nothing gives it back.
func use(ctx context.Context, tx *store.Tx, owner, size int64) error {
	return tx.MediaUsage.Update().Where(mediausage.ID(owner)).AddBytes(size).Exec(ctx)
}
