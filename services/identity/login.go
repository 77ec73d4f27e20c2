package identity

import (
	"context"
	"strings"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/account"
	"github.com/pulse-social/pulse/ent/credential"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/limit"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// LogIn signs in with a password. Whether there is no such account or the password is wrong cannot be told from the
// answer, nor from the time it takes, nor from how often one may try.
func (h *handler) LogIn(ctx context.Context, req *identityv1.LogInRequest) (*identityv1.LogInResponse, error) {
	secret, err := h.credential(ctx, req.GetLogin())
	if err != nil && !store.IsNotFound(err) {
		return nil, err
	}
	ok, weak, err := h.guessed(ctx, limit.Login(req.GetLogin()), req.GetPassword(), h.hasher.compared(secret))
	if err != nil {
		return nil, err
	}
	if secret == nil || !ok {
		return nil, credentialsInvalid()
	}
	hash := secret.PasswordHash
	if weak {
		if hash, err = h.hasher.hash(ctx, req.GetPassword()); err != nil {
			return nil, err
		}
	}
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.LogInResponse, error) {
		if err := keepPassword(ctx, tx, secret, hash); err != nil {
			return nil, err
		}
		tokens, err := h.admit(ctx, tx, secret.ID, req.GetDeviceName())
		if err != nil {
			return nil, err
		}
		audit.RecordBy(ctx, tx, audit.AccountLoggedIn, secret.ID, secret.ID, nil)
		account, err := accountOf(ctx, tx.Client, secret.ID)
		return &identityv1.LogInResponse{Account: account, Tokens: tokens}, err
	})
	return answer, h.challenged(ctx, secret.ID, req.GetDeviceName(), err)
}

// keepPassword writes the hash of the password that was checked, a stronger one perhaps, and fails when the password was
// changed meanwhile. Until the transaction ends, a change of the password waits, and then sees the session that is opened.
func keepPassword(ctx context.Context, tx *store.Tx, secret *ent.Credential, hash string) error {
	kept, err := tx.Credential.Update().Where(credential.ID(secret.ID), credential.PasswordHash(secret.PasswordHash)).SetPasswordHash(hash).Save(ctx)
	if err == nil && kept == 0 {
		err = credentialsInvalid()
	}
	return err
}

func credentialsInvalid() error {
	return rpc.Fail(errorsv1.Reason_REASON_CREDENTIALS_INVALID, "login and password do not fit together")
}

// compared answers the hash that a password is compared with: that of nobody when there is no account, or none that
// has a password.
func (h *hasher) compared(secret *ent.Credential) string {
	if secret == nil || secret.PasswordHash == "" {
		return h.work.nobody()
	}
	return secret.PasswordHash
}

// credential answers the credential of a handle or an e-mail address, nil and not-found when nobody has it. Handles
// have no @, addresses do.
func (h *handler) credential(ctx context.Context, login string) (*ent.Credential, error) {
	key := strings.ToLower(login)
	if strings.Contains(key, "@") {
		return h.db.Credential.Query().Where(credential.EmailKey(key)).Only(ctx)
	}
	row, err := h.db.Account.Query().Where(account.HandleKey(key)).Only(ctx)
	if err != nil {
		return nil, err
	}
	return h.db.Credential.Get(ctx, row.ID)
}
