package identity

import (
	"context"

	entsession "github.com/pulse-social/pulse/ent/session"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/store"
)

// ChangePassword sets a new password and ends all sessions but that of the call. That the caller knows the old one, or has
// proved otherwise who they are, the policy has seen to.
func (h *handler) ChangePassword(ctx context.Context, req *identityv1.ChangePasswordRequest) (*identityv1.ChangePasswordResponse, error) {
	if err := checkPassword(req.GetNewPassword()); err != nil {
		return nil, err
	}
	hash, err := h.hasher.hash(ctx, req.GetNewPassword())
	if err != nil {
		return nil, err
	}
	caller := auth.Caller(ctx)
	which := entsession.And(entsession.UserID(caller.UserID), entsession.IDNEQ(caller.SessionID))
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.ChangePasswordResponse, error) {
		secret, err := tx.Credential.Get(ctx, caller.UserID)
		if err != nil {
			return nil, err
		}
		if err := secret.Update().SetPasswordHash(hash).Exec(ctx); err != nil {
			return nil, err
		}
		// What was begun with the old password, or to reset it, leads nowhere any more.
		if err := dropChallenges(ctx, tx, caller.UserID); err != nil {
			return nil, err
		}
		if err := dropEmailTokens(ctx, tx, purposeReset, caller.UserID); err != nil {
			return nil, err
		}
		revoked, err := revoke(ctx, tx, which)
		if err != nil {
			return nil, err
		}
		audit.Record(ctx, tx, audit.PasswordChanged, caller.UserID, nil)
		return &identityv1.ChangePasswordResponse{Revoked: int32(revoked)}, notify(ctx, tx, mailPasswordChanged, secret.ID, secret.Email)
	})
	return answer, h.ended(ctx, which, err)
}
