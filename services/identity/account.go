package identity

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/recoverycode"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
)

// GetAccount answers the caller's own account.
func (h *handler) GetAccount(ctx context.Context, _ *identityv1.GetAccountRequest) (*identityv1.GetAccountResponse, error) {
	account, err := accountOf(ctx, h.db.Client, auth.Caller(ctx).UserID)
	return &identityv1.GetAccountResponse{Account: account}, err
}

// accountOf answers an account as its owner sees it.
func accountOf(ctx context.Context, client *ent.Client, userID int64) (*identityv1.Account, error) {
	row, err := client.Account.Get(ctx, userID)
	if err != nil {
		return nil, err
	}
	secret, err := client.Credential.Get(ctx, userID)
	if err != nil {
		return nil, err
	}
	account := toProto(row, secret)
	if account.TotpEnabled, err = hasSecondFactor(ctx, client, userID); err != nil || !account.GetTotpEnabled() {
		return account, err
	}
	left, err := client.RecoveryCode.Query().Where(recoverycode.UserID(userID)).Count(ctx)
	account.RecoveryCodesLeft = int32(left)
	return account, err
}

// toProto is an account without a second factor, as its owner sees it.
func toProto(row *ent.Account, secret *ent.Credential) *identityv1.Account {
	return &identityv1.Account{
		Id: row.ID, Handle: row.Handle, Email: secret.Email, CreateTime: timestamppb.New(id.Time(row.ID)),
		EmailVerified: secret.EmailVerifiedAt != nil, PendingEmail: secret.PendingEmail, HasPassword: secret.PasswordHash != "",
		Role: roleToProto(auth.Role(row.Role)),
	}
}
