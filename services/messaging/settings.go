package messaging

import (
	"context"
	"fmt"

	"github.com/pulse-social/pulse/ent"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// GetMessagingSettings answers how the caller wants to be reached.
func (h *handler) GetMessagingSettings(ctx context.Context, _ *messagingv1.GetMessagingSettingsRequest) (*messagingv1.GetMessagingSettingsResponse, error) {
	row, err := h.db.MessagingSetting.Get(ctx, auth.Caller(ctx).UserID)
	if err != nil && !store.IsNotFound(err) {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return &messagingv1.GetMessagingSettingsResponse{Settings: settingsOf(row)}, nil
}

// settingsOf answers settings as the API has them; nil are those of somebody who never said.
func settingsOf(row *ent.MessagingSetting) *messagingv1.MessagingSettings {
	if row == nil {
		return &messagingv1.MessagingSettings{Audience: messagingv1.MessageAudience_MESSAGE_AUDIENCE_REQUESTS}
	}
	return &messagingv1.MessagingSettings{Audience: messagingv1.MessageAudience(row.Audience)}
}

// UpdateMessagingSettings changes how the caller wants to be reached.
func (h *handler) UpdateMessagingSettings(ctx context.Context, req *messagingv1.UpdateMessagingSettingsRequest) (*messagingv1.UpdateMessagingSettingsResponse, error) {
	if err := checkMask(req.GetUpdateMask().GetPaths(), "audience"); err != nil {
		return nil, err
	}
	audience := req.GetSettings().GetAudience()
	if _, known := messagingv1.MessageAudience_name[int32(audience)]; !known || audience == messagingv1.MessageAudience_MESSAGE_AUDIENCE_UNSPECIFIED {
		return nil, rpc.Fail(errorsv1.Reason_REASON_INVALID_REQUEST, "settings.audience says nothing: name one of the audiences")
	}
	caller := auth.Caller(ctx).UserID
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*messagingv1.UpdateMessagingSettingsResponse, error) {
		err := tx.MessagingSetting.Create().SetID(caller).SetAudience(int32(audience)).
			OnConflictColumns("id").UpdateNewValues().Exec(ctx)
		return &messagingv1.UpdateMessagingSettingsResponse{Settings: &messagingv1.MessagingSettings{Audience: audience}}, err
	})
}
