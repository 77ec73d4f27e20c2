package identity

import (
	"context"
	"strings"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/account"
	"github.com/pulse-social/pulse/ent/credential"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// LogIn signs in with a password. Whether there is no such account or the password is wrong cannot be told from the
// answer, nor from the time it takes.
func (h *handler) LogIn(ctx context.Context, req *identityv1.LogInRequest) (*identityv1.LogInResponse, error) {
	secret, err := h.credential(ctx, req.GetLogin())
	if err != nil && !store.IsNotFound(err) {
		return nil, err
	}
	hash := nobody
	if secret != nil {
		hash = secret.PasswordHash
	}
	ok, weak, err := h.hasher.matches(ctx, req.GetPassword(), hash)
	if err != nil {
		return nil, err
	}
	if secret == nil || !ok {
		return nil, rpc.Fail(errorsv1.Reason_REASON_CREDENTIALS_INVALID, "login and password do not fit together")
	}
	if weak {
		if hash, err = h.hasher.hash(ctx, req.GetPassword()); err != nil {
			return nil, err
		}
	}
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.LogInResponse, error) {
		row, err := tx.Account.Get(ctx, secret.ID)
		if err != nil {
			return nil, err
		}
		if weak {
			// Only over the hash that was checked: the password may have been changed meanwhile.
			err := tx.Credential.Update().Where(credential.ID(secret.ID), credential.PasswordHash(secret.PasswordHash)).SetPasswordHash(hash).Exec(ctx)
			if err != nil {
				return nil, err
			}
		}
		tokens, err := h.openSession(ctx, tx, row.ID, req.GetDeviceName())
		return &identityv1.LogInResponse{Account: toProto(row, secret), Tokens: tokens}, err
	})
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
