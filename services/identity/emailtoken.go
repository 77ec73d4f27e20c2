package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/emailtoken"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// What mailed tokens are good for.
const (
	purposeVerify = "verify"
	purposeReset  = "reset"
)

// emailTokenLife is how long a mailed token is good.
const emailTokenLife = 30 * time.Minute

// drawEmailToken draws a token and keeps its hash. Those that were mailed before stay good until one is used: mails come late, and
// out of order.
func drawEmailToken(ctx context.Context, tx *store.Tx, purpose string, userID int64, address string) (string, error) {
	token := newSecret()
	err := tx.EmailToken.Create().SetID(tx.NewID()).SetUserID(userID).SetPurpose(purpose).SetAddress(address).
		SetHash(hashOf(token)).SetExpiresAt(tx.Now.Add(emailTokenLife)).Exec(ctx)
	if err != nil {
		return "", fmt.Errorf("write the token of the mail: %w", err)
	}
	return token, nil
}

// findEmailToken answers the row of a token that is good.
func findEmailToken(ctx context.Context, client *ent.Client, now time.Time, purpose, token string) (*ent.EmailToken, error) {
	row, err := client.EmailToken.Query().Where(emailtoken.Hash(hashOf(token)), emailtoken.Purpose(purpose), emailtoken.ExpiresAtGT(now)).Only(ctx)
	if store.IsNotFound(err) {
		return nil, emailTokenInvalid()
	}
	return row, err
}

func emailTokenInvalid() error {
	return rpc.Fail(errorsv1.Reason_REASON_EMAIL_TOKEN_INVALID, "this link was used, has expired, or another one took its place: ask for another mail")
}

// useEmailToken uses a token up, with all that its owner was mailed for the same.
func useEmailToken(ctx context.Context, tx *store.Tx, purpose, token string) (*ent.EmailToken, error) {
	row, err := findEmailToken(ctx, tx.Client, tx.Now, purpose, token)
	if err != nil {
		return nil, err
	}
	used, err := tx.EmailToken.Delete().Where(emailtoken.ID(row.ID)).Exec(ctx)
	if err != nil {
		return nil, err
	}
	if used == 0 {
		return nil, store.ErrRaceLost
	}
	return row, dropEmailTokens(ctx, tx, purpose, row.UserID)
}

// dropEmailTokens makes all tokens useless that a person was mailed for a purpose.
func dropEmailTokens(ctx context.Context, tx *store.Tx, purpose string, userID int64) error {
	_, err := tx.EmailToken.Delete().Where(emailtoken.UserID(userID), emailtoken.Purpose(purpose)).Exec(ctx)
	return err
}

// forgetEmailTokens deletes tokens that are good for nothing any more.
func forgetEmailTokens(ctx context.Context, tx *store.Tx) error {
	_, err := tx.EmailToken.Delete().Where(emailtoken.ExpiresAtLT(tx.Now)).Exec(ctx)
	return err
}
