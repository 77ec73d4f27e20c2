package identity

import (
	"context"

	"github.com/pquerna/otp/totp"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/recoverycode"
	"github.com/pulse-social/pulse/ent/totpsecret"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// sealedFor is the purpose that a person's secret is sealed for: in another's row it does not open.
func sealedFor(userID int64) string { return "TOTP secret of " + id.String(userID) }

// EnrollTotp draws a secret for an authenticator app.
func (h *handler) EnrollTotp(ctx context.Context, _ *identityv1.EnrollTotpRequest) (*identityv1.EnrollTotpResponse, error) {
	userID := auth.Caller(ctx).UserID
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.EnrollTotpResponse, error) {
		row, err := secretOf(ctx, tx.Client, userID)
		if err != nil {
			return nil, err
		}
		if row != nil && row.ConfirmedAt != nil {
			return nil, totpEnabled()
		}
		who, err := tx.Account.Get(ctx, userID)
		if err != nil {
			return nil, err
		}
		key, err := totp.Generate(totp.GenerateOpts{Issuer: h.keyring.host, AccountName: who.Handle})
		if err != nil {
			return nil, err
		}
		sealed, err := h.keyring.seal(ctx, tx.Client, sealedFor(userID), []byte(key.Secret()))
		if err != nil {
			return nil, err
		}
		if row == nil {
			err = tx.TotpSecret.Create().SetID(userID).SetSealedSecret(sealed).Exec(ctx)
		} else {
			err = row.Update().SetSealedSecret(sealed).Exec(ctx)
		}
		return &identityv1.EnrollTotpResponse{Secret: key.Secret(), OtpauthUri: key.URL()}, err
	})
}

// ConfirmTotp turns the second factor on.
func (h *handler) ConfirmTotp(ctx context.Context, req *identityv1.ConfirmTotpRequest) (*identityv1.ConfirmTotpResponse, error) {
	userID := auth.Caller(ctx).UserID
	tried := h.spendTry(ctx, userID, req.GetCode())
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.ConfirmTotpResponse, error) {
		row, err := secretOf(ctx, tx.Client, userID)
		switch {
		case err != nil:
			return nil, err
		case row == nil:
			return nil, rpc.Fail(errorsv1.Reason_REASON_TOTP_NOT_ENROLLED, "there is no secret to confirm: call EnrollTotp first")
		case row.ConfirmedAt != nil:
			return nil, totpEnabled()
		case tried != nil:
			return nil, tried
		}
		if err := h.acceptTotp(ctx, tx, row, req.GetCode()); err != nil {
			return nil, err
		}
		if err := tx.TotpSecret.UpdateOneID(userID).SetConfirmedAt(tx.Now).Exec(ctx); err != nil {
			return nil, err
		}
		codes, err := drawRecoveryCodes(ctx, tx, userID)
		if err != nil {
			return nil, err
		}
		audit.Record(ctx, tx, audit.SecondFactorEnabled, userID, nil)
		return &identityv1.ConfirmTotpResponse{RecoveryCodes: codes}, notifyOwner(ctx, tx, mailTotpEnabled, userID)
	})
}

// DisableTotp turns the second factor off.
func (h *handler) DisableTotp(ctx context.Context, req *identityv1.DisableTotpRequest) (*identityv1.DisableTotpResponse, error) {
	userID := auth.Caller(ctx).UserID
	tried := h.spendTry(ctx, userID, req.GetCode())
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.DisableTotpResponse, error) {
		if tried != nil {
			return nil, tried
		}
		if err := h.acceptCode(ctx, tx, userID, req.GetCode()); err != nil {
			return nil, err
		}
		if err := dropSecondFactor(ctx, tx, userID); err != nil {
			return nil, err
		}
		audit.Record(ctx, tx, audit.SecondFactorDisabled, userID, nil)
		return &identityv1.DisableTotpResponse{}, notifyOwner(ctx, tx, mailTotpDisabled, userID)
	})
}

// RegenerateRecoveryCodes draws new recovery codes in the place of those before.
func (h *handler) RegenerateRecoveryCodes(ctx context.Context, _ *identityv1.RegenerateRecoveryCodesRequest) (*identityv1.RegenerateRecoveryCodesResponse, error) {
	userID := auth.Caller(ctx).UserID
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.RegenerateRecoveryCodesResponse, error) {
		on, err := hasSecondFactor(ctx, tx.Client, userID)
		if err != nil {
			return nil, err
		}
		if !on {
			return nil, totpNotEnabled()
		}
		codes, err := drawRecoveryCodes(ctx, tx, userID)
		return &identityv1.RegenerateRecoveryCodesResponse{RecoveryCodes: codes}, err
	})
}

// secretOf answers a person's secret, confirmed or not, nil when there is none.
func secretOf(ctx context.Context, client *ent.Client, userID int64) (*ent.TotpSecret, error) {
	row, err := client.TotpSecret.Get(ctx, userID)
	if store.IsNotFound(err) {
		return nil, nil
	}
	return row, err
}

// hasSecondFactor tells whether a person's sign-ins need a second factor.
func hasSecondFactor(ctx context.Context, client *ent.Client, userID int64) (bool, error) {
	return client.TotpSecret.Query().Where(totpsecret.ID(userID), totpsecret.ConfirmedAtNotNil()).Exist(ctx)
}

// dropSecondFactor forgets a person's second factor and what was begun with it.
func dropSecondFactor(ctx context.Context, tx *store.Tx, userID int64) error {
	if _, err := tx.TotpSecret.Delete().Where(totpsecret.ID(userID)).Exec(ctx); err != nil {
		return err
	}
	if _, err := tx.RecoveryCode.Delete().Where(recoverycode.UserID(userID)).Exec(ctx); err != nil {
		return err
	}
	return dropChallenges(ctx, tx, userID)
}

// notifyOwner tells the owner of an account of something, at its address.
func notifyOwner(ctx context.Context, tx *store.Tx, kind string, userID int64) error {
	secret, err := tx.Credential.Get(ctx, userID)
	if err != nil {
		return err
	}
	return notify(ctx, tx, kind, userID, secret.Email)
}

func totpEnabled() error {
	return rpc.Fail(errorsv1.Reason_REASON_TOTP_ALREADY_ENABLED, "the account has a second factor already: disable it first to enrol another app")
}

func totpNotEnabled() error {
	return rpc.Fail(errorsv1.Reason_REASON_TOTP_NOT_ENABLED, "the account has no second factor: enrol one with EnrollTotp and ConfirmTotp")
}
