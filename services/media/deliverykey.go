package media

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
)

// CreateDeliveryKey answers a key by which pictures are fetched as the caller.
func (h *handler) CreateDeliveryKey(ctx context.Context, _ *mediav1.CreateDeliveryKeyRequest) (*mediav1.CreateDeliveryKeyResponse, error) {
	caller := auth.Caller(ctx)
	key, until, err := h.keys.make(ctx, forDelivery, caller.UserID, caller.SessionID)
	return &mediav1.CreateDeliveryKeyResponse{Key: key, ExpireTime: timestamppb.New(until)}, err
}
