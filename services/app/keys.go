package app

import (
	"context"
	"errors"

	"github.com/pulse-social/pulse/services/identity"
	"github.com/pulse-social/pulse/services/internal/webpush"
)

// SigningKey is a key that signs access tokens.
type SigningKey = identity.SigningKey

// withOperator does something on the configured database, beside processes that may run on it.
func withOperator(ctx context.Context, c Config, do func(identity.Operator) error) error {
	s, err := openCurrentStore(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(do(identity.Operator{DB: s.For("identity"), Who: systemUser()}), s.Close())
}

// SigningKeys lists the published signing keys, oldest first.
func SigningKeys(ctx context.Context, c Config) (keys []SigningKey, err error) {
	err = withOperator(ctx, c, func(o identity.Operator) error {
		keys, err = o.Keys(ctx)
		return err
	})
	return keys, err
}

// RotateKeys has the next signing key sign from now on. No call fails for it.
func RotateKeys(ctx context.Context, c Config) error {
	return withOperator(ctx, c, func(o identity.Operator) error { return o.RotateKeys(ctx) })
}

// RevokeKey has every process refuse the tokens of a signing key within a minute.
func RevokeKey(ctx context.Context, c Config, keyID int64) error {
	return withOperator(ctx, c, func(o identity.Operator) error { return o.RevokeKey(ctx, c.Identity, keyID) })
}

// NewPushKey draws a key that pushes to browsers are signed with, as PULSE_PUSH_KEY is set to it. It is kept nowhere.
func NewPushKey() (string, error) { return webpush.NewKey() }
