package identity

import (
	"context"

	entsession "github.com/pulse-social/pulse/ent/session"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/limit"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// Reauthenticate proves once more who holds the session of the call.
func (h *handler) Reauthenticate(ctx context.Context, req *identityv1.ReauthenticateRequest) (*identityv1.ReauthenticateResponse, error) {
	caller := auth.Caller(ctx)
	code := req.GetCode()
	if code == "" {
		if err := h.provePassword(ctx, caller.UserID, req.GetPassword()); err != nil {
			return nil, err
		}
	} else if err := h.spendTry(ctx, caller.UserID, code); err != nil {
		return nil, err
	}
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.ReauthenticateResponse, error) {
		if code != "" {
			if err := h.acceptCode(ctx, tx, caller.UserID, code); err != nil {
				return nil, err
			}
		}
		live := entsession.And(entsession.ID(caller.SessionID), entsession.RevokedAtIsNil())
		renewed, err := tx.Session.Update().Where(live).SetAuthenticatedAt(tx.Now).Save(ctx)
		if err == nil && renewed == 0 {
			err = auth.ErrRevoked
		}
		return &identityv1.ReauthenticateResponse{}, err
	})
}

// provePassword fails unless it is the account's password. Without one, the work is the same.
func (h *handler) provePassword(ctx context.Context, userID int64, password string) error {
	secret, err := h.db.Credential.Get(ctx, userID)
	if err != nil {
		return err
	}
	ok, _, err := h.guessed(ctx, limit.Owner(userID), password, h.hasher.compared(secret))
	if err != nil {
		return err
	}
	if !ok {
		return rpc.Fail(errorsv1.Reason_REASON_REAUTHENTICATION_FAILED, "this is not your password: try again, or use a code of your authenticator app if you have one")
	}
	return nil
}
