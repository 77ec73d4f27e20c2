package identity

import (
	"context"
	"strings"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/credential"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// VerifyEmail proves an address with a mailed token.
func (h *handler) VerifyEmail(ctx context.Context, req *identityv1.VerifyEmailRequest) (*identityv1.VerifyEmailResponse, error) {
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.VerifyEmailResponse, error) {
		token, err := useEmailToken(ctx, tx, purposeVerify, req.GetToken())
		if err != nil {
			return nil, err
		}
		secret, err := tx.Credential.Get(ctx, token.UserID)
		if err != nil {
			return nil, err
		}
		switch key := strings.ToLower(token.Address); key {
		case secret.EmailKey:
			err = secret.Update().SetEmailVerifiedAt(tx.Now).Exec(ctx)
			audit.RecordBy(ctx, tx, audit.EmailVerified, secret.ID, secret.ID, nil)
		case strings.ToLower(secret.PendingEmail):
			err = takeAddress(ctx, tx, secret)
		default: // The address was given up meanwhile.
			err = emailTokenInvalid()
		}
		return &identityv1.VerifyEmailResponse{Email: token.Address}, err
	})
}

// takeAddress puts the address that was asked for, and is proved now, in the place of the old one, and tells that.
func takeAddress(ctx context.Context, tx *store.Tx, secret *ent.Credential) error {
	address, key := secret.PendingEmail, strings.ToLower(secret.PendingEmail)
	taken, err := tx.Credential.Query().Where(credential.EmailKey(key), credential.IDNEQ(secret.ID)).Exist(ctx)
	if err != nil {
		return err
	}
	if taken {
		return rpc.Fail(errorsv1.Reason_REASON_EMAIL_TAKEN, "another account has this e-mail address: log in to that, or use another address")
	}
	if err := notify(ctx, tx, mailEmailChanged, secret.ID, secret.Email); err != nil {
		return err
	}
	audit.RecordBy(ctx, tx, audit.EmailChanged, secret.ID, secret.ID, nil)
	// What was mailed to the old address is good for nothing any more.
	if err := dropEmailTokens(ctx, tx, purposeReset, secret.ID); err != nil {
		return err
	}
	return secret.Update().SetEmail(address).SetEmailKey(key).SetEmailVerifiedAt(tx.Now).ClearPendingEmail().Exec(ctx)
}

// SendEmailVerification mails a token for VerifyEmail again.
func (h *handler) SendEmailVerification(ctx context.Context, _ *identityv1.SendEmailVerificationRequest) (*identityv1.SendEmailVerificationResponse, error) {
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.SendEmailVerificationResponse, error) {
		secret, err := tx.Credential.Get(ctx, auth.Caller(ctx).UserID)
		if err != nil {
			return nil, err
		}
		address := secret.PendingEmail
		if address == "" {
			address = secret.Email
			if secret.EmailVerifiedAt != nil {
				return nil, rpc.Fail(errorsv1.Reason_REASON_EMAIL_ALREADY_VERIFIED, "the e-mail address is confirmed already: there is nothing to do")
			}
		}
		return &identityv1.SendEmailVerificationResponse{Email: address}, request(ctx, tx, mailVerifyEmail, secret.ID, address)
	})
}

// ChangeEmail asks for another address; the one there is stays until the other is proved. Asking for the one there is
// takes back what was asked for before.
func (h *handler) ChangeEmail(ctx context.Context, req *identityv1.ChangeEmailRequest) (*identityv1.ChangeEmailResponse, error) {
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.ChangeEmailResponse, error) {
		secret, err := tx.Credential.Get(ctx, auth.Caller(ctx).UserID)
		if err != nil {
			return nil, err
		}
		if strings.ToLower(req.GetEmail()) == secret.EmailKey {
			return &identityv1.ChangeEmailResponse{}, secret.Update().ClearPendingEmail().Exec(ctx)
		}
		if err := secret.Update().SetPendingEmail(req.GetEmail()).Exec(ctx); err != nil {
			return nil, err
		}
		return &identityv1.ChangeEmailResponse{}, request(ctx, tx, mailVerifyEmail, secret.ID, req.GetEmail())
	})
}
