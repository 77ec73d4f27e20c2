package identity

import (
	"context"
	"errors"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/refreshtoken"
	entsession "github.com/pulse-social/pulse/ent/session"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/seal"
	"github.com/pulse-social/pulse/services/internal/store"
)

// Refresh exchanges a refresh token for a new pair, once (RFC 9700, 4.14.2). Whoever repeats the exchange within ten
// seconds, because the answer was lost, gets the same successor; later use means that somebody else has had the token.
func (h *handler) Refresh(ctx context.Context, req *identityv1.RefreshRequest) (*identityv1.RefreshResponse, error) {
	var reused, owner int64
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.RefreshResponse, error) {
		reused = 0
		token, session, err := presented(ctx, tx, req.GetRefreshToken())
		if err != nil {
			return nil, err
		}
		successor, err := exchange(ctx, tx, token, req.GetRefreshToken())
		if err != nil {
			return nil, err
		}
		if successor == "" {
			reused, owner = session.ID, session.UserID
			return nil, rpc.Fail(errorsv1.Reason_REASON_REFRESH_TOKEN_REUSED, "this refresh token was used before, so somebody else may have it: the session has been ended, log in again")
		}
		session, err = session.Update().SetRefreshedAt(tx.Now).SetExpiresAt(idleUntil(tx.Now, session.EndsAt)).Save(ctx)
		if err != nil {
			return nil, err
		}
		owner, err := tx.Account.Get(ctx, session.UserID)
		if err != nil {
			return nil, err
		}
		tokens, err := h.issue(ctx, tx, owner, session, successor)
		return &identityv1.RefreshResponse{Tokens: tokens}, err
	})
	if reused == 0 {
		return answer, err
	}
	// The refusal rolled its transaction back; the session is ended in one of its own, before it is answered.
	which := entsession.ID(reused)
	revokeErr := h.db.Write(ctx, func(tx *store.Tx) error {
		revoked, err := revoke(ctx, tx, which)
		if err != nil || revoked == 0 { // Somebody else ended it, and told of that.
			return err
		}
		audit.RecordBy(ctx, tx, audit.RefreshTokenReused, owner, owner, audit.Details{"session_id": id.String(reused)})
		return notifyOwner(ctx, tx, mailTokenReused, owner)
	})
	return nil, errors.Join(h.ended(ctx, which, revokeErr), err)
}

// presented answers a refresh token's row and its session, if that still lives.
func presented(ctx context.Context, tx *store.Tx, raw string) (*ent.RefreshToken, *ent.Session, error) {
	token, err := tx.RefreshToken.Query().Where(refreshtoken.Hash(hashOf(raw))).Only(ctx)
	if store.IsNotFound(err) {
		return nil, nil, rpc.Fail(errorsv1.Reason_REASON_REFRESH_TOKEN_INVALID, "this refresh token is not known: log in again")
	}
	if err != nil {
		return nil, nil, err
	}
	session, err := tx.Session.Get(ctx, token.SessionID)
	switch {
	case store.IsNotFound(err) || err == nil && !tx.Now.Before(session.ExpiresAt):
		return nil, nil, rpc.Fail(errorsv1.Reason_REASON_REFRESH_TOKEN_INVALID, "the session has expired: log in again")
	case err == nil && session.RevokedAt != nil:
		return nil, nil, auth.ErrRevoked
	}
	return token, session, err
}

// successorPurpose is what a refresh token, as a secret, seals.
const successorPurpose = "refresh token successor"

// exchange answers the successor of a refresh token: a new one at its first use, the same again shortly after, and none
// when the token was used before.
func exchange(ctx context.Context, tx *store.Tx, token *ent.RefreshToken, raw string) (string, error) {
	if token.UsedAt != nil {
		if tx.Now.Sub(*token.UsedAt) > successorLife {
			return "", nil
		}
		successor, err := seal.Open(raw, successorPurpose, token.SealedSuccessor)
		return string(successor), err
	}
	successor := newSecret()
	sealed, err := seal.Seal(raw, successorPurpose, []byte(successor))
	if err != nil {
		return "", err
	}
	// Of many who exchange at once, the condition lets one through; the others run again and find what it did.
	used, err := tx.RefreshToken.Update().Where(refreshtoken.ID(token.ID), refreshtoken.UsedAtIsNil()).
		SetUsedAt(tx.Now).SetSealedSuccessor(sealed).Save(ctx)
	if err != nil {
		return "", err
	}
	if used == 0 {
		return "", store.ErrRaceLost
	}
	return successor, keepRefreshToken(ctx, tx, token.SessionID, successor)
}
