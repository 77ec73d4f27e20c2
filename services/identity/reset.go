package identity

import (
	"context"
	"strings"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/linkedidentity"
	entsession "github.com/pulse-social/pulse/ent/session"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/limit"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// RequestPasswordReset asks for the mail without a look at who has the address: who sends it looks. So neither the answer
// nor its time tells whether there is an account.
func (h *handler) RequestPasswordReset(ctx context.Context, req *identityv1.RequestPasswordResetRequest) (*identityv1.RequestPasswordResetResponse, error) {
	if decision := h.limits.Take(ctx, limit.Account, limit.Mailbox(req.GetEmail())); !decision.OK {
		return nil, rpc.RateLimited(decision)
	}
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.RequestPasswordResetResponse, error) {
		return &identityv1.RequestPasswordResetResponse{}, requestQuietly(ctx, tx, mailResetPassword, 0, req.GetEmail())
	})
}

// ResetPassword sets a new password with a mailed token.
func (h *handler) ResetPassword(ctx context.Context, req *identityv1.ResetPasswordRequest) (*identityv1.ResetPasswordResponse, error) {
	if err := checkPassword(req.GetNewPassword()); err != nil {
		return nil, err
	}
	// A token that is no good is refused before the work of hashing; the transaction looks again.
	token, err := findEmailToken(ctx, h.db.Client, h.now(), purposeReset, req.GetToken())
	if err != nil {
		return store.Answer(ctx, h.db, func(*store.Tx) (*identityv1.ResetPasswordResponse, error) { return nil, err })
	}
	hash, err := h.hasher.hash(ctx, req.GetNewPassword())
	if err != nil {
		return nil, err
	}
	which := entsession.UserID(token.UserID)
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.ResetPasswordResponse, error) {
		token, err := useEmailToken(ctx, tx, purposeReset, req.GetToken())
		if err != nil {
			return nil, err
		}
		secret, err := tx.Credential.Get(ctx, token.UserID)
		if err != nil {
			return nil, err
		}
		if strings.ToLower(token.Address) != secret.EmailKey {
			return nil, emailTokenInvalid()
		}
		if err := h.takeOver(ctx, tx, secret); err != nil {
			return nil, err
		}
		// First the password, then the sessions: who logs in with the old one is either seen here or refused.
		if err := secret.Update().SetPasswordHash(hash).SetEmailVerifiedAt(tx.Now).Exec(ctx); err != nil {
			return nil, err
		}
		if _, err := revoke(ctx, tx, which); err != nil {
			return nil, err
		}
		audit.RecordBy(ctx, tx, audit.PasswordReset, secret.ID, secret.ID, nil)
		return &identityv1.ResetPasswordResponse{}, notify(ctx, tx, mailPasswordChanged, secret.ID, secret.Email)
	})
	return answer, h.ended(ctx, which, err)
}

// takeOver ends what else leads into an account whose password is reset. When nobody had proved its address until now, the
// account may have been made by somebody who waits for the owner of the address to use it: then all that was added to it goes.
func (h *handler) takeOver(ctx context.Context, tx *store.Tx, secret *ent.Credential) error {
	if err := dropChallenges(ctx, tx, secret.ID); err != nil {
		return err
	}
	if secret.EmailVerifiedAt != nil {
		return nil
	}
	if _, err := tx.LinkedIdentity.Delete().Where(linkedidentity.UserID(secret.ID)).Exec(ctx); err != nil {
		return err
	}
	if err := dropSecondFactor(ctx, tx, secret.ID); err != nil {
		return err
	}
	if err := dropEmailTokens(ctx, tx, purposeVerify, secret.ID); err != nil {
		return err
	}
	return secret.Update().ClearPendingEmail().Exec(ctx)
}
