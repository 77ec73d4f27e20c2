package realtime

import (
	"context"
	"fmt"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/presencesetting"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/store"
)

// SetPresence changes how the caller appears, and to whom.
func (h *handler) SetPresence(ctx context.Context, req *realtimev1.SetPresenceRequest) (*realtimev1.SetPresenceResponse, error) {
	caller := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*realtimev1.SetPresenceResponse, error) {
		setting, err := presenceSetting(ctx, tx.Client, caller)
		if err != nil {
			return nil, err
		}
		if state := req.GetState(); state != realtimev1.PresenceState_PRESENCE_STATE_UNSPECIFIED && setting.State != int32(state) {
			setting.State, setting.InvisibleAt = int32(state), nil
			if state == realtimev1.PresenceState_PRESENCE_STATE_INVISIBLE {
				setting.InvisibleAt = &tx.Now
			}
		}
		if audience := req.GetAudience(); audience != realtimev1.PresenceAudience_PRESENCE_AUDIENCE_UNSPECIFIED {
			setting.Audience = int32(audience)
		}
		err = tx.PresenceSetting.Create().SetID(caller).SetState(setting.State).SetAudience(setting.Audience).
			SetNillableInvisibleAt(setting.InvisibleAt).OnConflictColumns(presencesetting.FieldID).
			Update(func(u *ent.PresenceSettingUpsert) { u.UpdateState().UpdateAudience().UpdateInvisibleAt() }).Exec(ctx)
		if err != nil {
			return nil, fmt.Errorf("write presence settings: %w", err)
		}
		return &realtimev1.SetPresenceResponse{Settings: settingsOf(setting)}, nil
	})
	if err == nil {
		h.presence.changed(caller)
	}
	return answer, err
}

// GetPresenceSettings answers how the caller appears, and to whom.
func (h *handler) GetPresenceSettings(ctx context.Context, _ *realtimev1.GetPresenceSettingsRequest) (*realtimev1.GetPresenceSettingsResponse, error) {
	setting, err := presenceSetting(ctx, h.db.Client, auth.Caller(ctx).UserID)
	if err != nil {
		return nil, err
	}
	return &realtimev1.GetPresenceSettingsResponse{Settings: settingsOf(setting)}, nil
}

// BatchGetPresence answers whether people are there who show it to the caller.
func (h *handler) BatchGetPresence(ctx context.Context, req *realtimev1.BatchGetPresenceRequest) (*realtimev1.BatchGetPresenceResponse, error) {
	found, err := h.presence.of(ctx, auth.Caller(ctx).UserID, req.GetUserIds())
	if err != nil {
		return nil, err
	}
	answer := &realtimev1.BatchGetPresenceResponse{}
	for _, userID := range req.GetUserIds() {
		if p := found[userID]; p != nil {
			answer.Presences = append(answer.Presences, p)
		}
	}
	return answer, nil
}

// presenceSetting reads how a person appears.
func presenceSetting(ctx context.Context, db *ent.Client, userID int64) (*ent.PresenceSetting, error) {
	setting, err := db.PresenceSetting.Get(ctx, userID)
	if store.IsNotFound(err) {
		return defaultPresence(userID), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read presence settings: %w", err)
	}
	return setting, nil
}

func settingsOf(setting *ent.PresenceSetting) *realtimev1.PresenceSettings {
	return &realtimev1.PresenceSettings{
		State: realtimev1.PresenceState(setting.State), Audience: realtimev1.PresenceAudience(setting.Audience),
	}
}
