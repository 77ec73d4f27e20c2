package identity

import (
	"context"
	"strings"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/credential"
	"github.com/pulse-social/pulse/ent/linkedidentity"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// CompleteSignIn signs in whom a provider has sent back.
func (h *handler) CompleteSignIn(ctx context.Context, req *identityv1.CompleteSignInRequest) (*identityv1.CompleteSignInResponse, error) {
	var who claims
	attempt, p, failure := h.useAttempt(ctx, req)
	if failure == nil {
		who, failure = h.identify(ctx, attempt, req, p)
	}
	var userID int64
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.CompleteSignInResponse, error) {
		if failure != nil { // Unless it is the very call that has used the state, repeated: Answer has its first answer.
			return nil, failure
		}
		var created bool
		var err error
		if userID, created, err = accountFor(ctx, tx, attempt.Provider, who); err != nil {
			return nil, err
		}
		tokens, err := h.admit(ctx, tx, userID, req.GetDeviceName())
		if err != nil {
			return nil, err
		}
		audit.RecordBy(ctx, tx, audit.AccountLoggedIn, userID, userID, audit.Details{"provider": attempt.Provider})
		account, err := accountOf(ctx, tx.Client, userID)
		return &identityv1.CompleteSignInResponse{Account: account, Tokens: tokens, Created: created}, err
	})
	return answer, h.challenged(ctx, userID, req.GetDeviceName(), err)
}

// accountFor answers whose account an identity leads to: that which it is linked to, that of the same address, or a new one.
func accountFor(ctx context.Context, tx *store.Tx, provider string, who claims) (userID int64, created bool, err error) {
	linked, err := tx.LinkedIdentity.Query().Where(linkedidentity.Provider(provider), linkedidentity.Subject(who.subject)).Only(ctx)
	if err == nil {
		return linked.UserID, false, nil
	}
	if !store.IsNotFound(err) {
		return 0, false, err
	}
	if who.email == "" {
		return 0, false, rpc.Fail(errorsv1.Reason_REASON_PROVIDER_EMAIL_MISSING, "the provider does not tell your e-mail address: allow it there, or register and link the identity")
	}
	secret, err := tx.Credential.Query().Where(credential.EmailKey(strings.ToLower(who.email))).Only(ctx)
	switch {
	case store.IsNotFound(err):
		userID, err = insertFor(ctx, tx, who)
		created = true
	case err == nil && who.verified && secret.EmailVerifiedAt != nil:
		userID, err = secret.ID, notify(ctx, tx, mailLinked, secret.ID, secret.Email)
	case err == nil:
		// Whoever made the account need not be who has the address: they could wait in it for its owner. And who has an
		// unproved address at a provider need not be the owner of the account.
		err = rpc.Fail(errorsv1.Reason_REASON_ACCOUNT_LINK_REQUIRED, "an account has this e-mail address: sign in to it, after a password reset if need be, and link the identity there")
	}
	if err != nil {
		return 0, false, err
	}
	audit.RecordBy(ctx, tx, audit.IdentityLinked, userID, userID, audit.Details{"provider": provider})
	_, err = link(ctx, tx, userID, provider, who)
	return userID, created, err
}

// link records that an identity leads to an account.
func link(ctx context.Context, tx *store.Tx, userID int64, provider string, who claims) (*ent.LinkedIdentity, error) {
	taken, err := tx.LinkedIdentity.Query().Where(linkedidentity.UserID(userID), linkedidentity.Provider(provider)).Exist(ctx)
	if err != nil {
		return nil, err
	}
	if taken {
		return nil, alreadyLinked()
	}
	label := who.email
	if label == "" {
		label = who.name
	}
	return tx.LinkedIdentity.Create().SetID(tx.NewID()).SetUserID(userID).SetProvider(provider).SetSubject(who.subject).SetLabel(label).Save(ctx)
}

// insertFor makes the account of somebody who comes from a provider: it has no password.
func insertFor(ctx context.Context, tx *store.Tx, who claims) (int64, error) {
	handle, err := freeHandle(ctx, tx, who)
	if err != nil {
		return 0, err
	}
	row, err := tx.Account.Create().SetID(tx.NewID()).SetHandle(handle).SetHandleKey(strings.ToLower(handle)).Save(ctx)
	if err != nil {
		return 0, err
	}
	create := tx.Credential.Create().SetID(row.ID).SetEmail(who.email).SetEmailKey(strings.ToLower(who.email)).SetPasswordHash("")
	if who.verified {
		create.SetEmailVerifiedAt(tx.Now)
	} else if err := requestQuietly(ctx, tx, mailVerifyEmail, row.ID, who.email); err != nil {
		return 0, err
	}
	if err := create.Exec(ctx); err != nil {
		return 0, err
	}
	audit.RecordBy(ctx, tx, audit.AccountRegistered, row.ID, row.ID, nil)
	return row.ID, tx.Emit(&busv1.AccountRegistered{UserId: row.ID, Handle: handle})
}
