package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/store"
)

// secretBytes is the randomness of refresh tokens and of all else that only its holder knows: 256 bits.
const secretBytes = 32

// newSecret draws a refresh token, or another secret.
func newSecret() string {
	raw := make([]byte, secretBytes)
	_, _ = rand.Read(raw) // Never fails: see crypto/rand.
	return base64.RawURLEncoding.EncodeToString(raw)
}

// hashOf is how a secret of that randomness is kept.
func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// openSession begins a session of somebody who has proved who they are, and answers its first tokens.
func (h *handler) openSession(ctx context.Context, tx *store.Tx, userID int64, device string) (*identityv1.Tokens, error) {
	owner, err := admitted(ctx, tx, userID)
	if err != nil {
		return nil, err
	}
	session, err := tx.Session.Create().SetID(tx.NewID()).
		SetUserID(userID).SetDeviceName(device).SetRefreshedAt(tx.Now).
		SetExpiresAt(tx.Now.Add(idleLife)).SetEndsAt(tx.Now.Add(wholeLife)).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("write the session: %w", err)
	}
	refresh := newSecret()
	if err := keepRefreshToken(ctx, tx, session.ID, refresh); err != nil {
		return nil, err
	}
	return h.issue(ctx, tx, owner, session, refresh)
}

// keepRefreshToken records a refresh token that was issued for a session.
func keepRefreshToken(ctx context.Context, tx *store.Tx, sessionID int64, token string) error {
	err := tx.RefreshToken.Create().SetID(tx.NewID()).SetSessionID(sessionID).SetHash(hashOf(token)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("write the refresh token: %w", err)
	}
	return nil
}

// issue answers a pair of tokens for a session: a new access token, and the given refresh token.
func (h *handler) issue(ctx context.Context, tx *store.Tx, owner *ent.Account, session *ent.Session, refresh string) (*identityv1.Tokens, error) {
	keyID, key, err := h.signer.current(ctx, tx.Client, tx.Now)
	if err != nil {
		return nil, err
	}
	access, err := h.tokens.Sign(key, keyID, auth.Principal{UserID: session.UserID, SessionID: session.ID, Role: auth.Role(owner.Role)}, tx.NewID(), tx.Now)
	if err != nil {
		return nil, err
	}
	return &identityv1.Tokens{
		AccessToken:       access,
		AccessExpireTime:  timestamppb.New(tx.Now.Add(auth.AccessTokenLife)),
		RefreshToken:      refresh,
		RefreshExpireTime: timestamppb.New(session.ExpiresAt),
	}, nil
}

// idleUntil is when a session ends that is not refreshed again.
func idleUntil(now, end time.Time) time.Time {
	if idle := now.Add(idleLife); idle.Before(end) {
		return idle
	}
	return end
}
