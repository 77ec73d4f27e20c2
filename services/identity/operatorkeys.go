package identity

import (
	"context"
	"time"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/signingkey"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

// A SigningKey is a key that signs access tokens, as operators see it.
type SigningKey struct {
	ID int64 `json:"id,string"`
	// State is signs, next or retired.
	State string `json:"state"`
	// Created is since when it is published, Since when it came into its state.
	Created time.Time `json:"created"`
	Since   time.Time `json:"since"`
}

// Keys lists the published signing keys.
func (o Operator) Keys(ctx context.Context) ([]SigningKey, error) {
	rows, err := o.DB.SigningKey.Query().Order(signingkey.ByID()).All(ctx)
	if err != nil {
		return nil, err
	}
	listed := make([]SigningKey, len(rows))
	for i, row := range rows {
		listed[i] = SigningKey{ID: row.ID, State: "next", Created: id.Time(row.ID), Since: id.Time(row.ID)}
		switch {
		case row.Active:
			listed[i].State, listed[i].Since = "signs", activeSince(row)
		case row.RetiredAt != nil:
			listed[i].State, listed[i].Since = "retired", *row.RetiredAt
		}
	}
	return listed, nil
}

// rotation answers what changes keys. c is the configuration that the servers have too.
func (o Operator) rotation(c Config) *rotation {
	return &rotation{db: o.DB, signer: &signer{keyring: &keyring{db: o.DB, configured: c.SealKeys}}, life: c.SigningKeyLife}
}

// RotateKeys has the next key sign from now on. No call fails for it: everybody knows that key.
func (o Operator) RotateKeys(ctx context.Context) error {
	return o.DB.Write(ctx, func(tx *store.Tx) error {
		k, err := lockedKeys(ctx, tx)
		if err != nil {
			return err
		}
		if k.active == nil || k.next == nil || tx.Now.Sub(id.Time(k.next.ID)) < nextReadyAfter {
			return errNextNotReady
		}
		audit.RecordByOperator(ctx, tx, audit.SigningKeyRotated, o.Who, k.next.ID, nil)
		return turn(ctx, tx, k)
	})
}

// RevokeKey has every process refuse the tokens of a key within a minute. When it was the one that signs, the next one
// does from then on, or a new one; people's clients refresh their tokens.
func (o Operator) RevokeKey(ctx context.Context, c Config, keyID int64) error {
	r := o.rotation(c)
	return o.DB.Write(ctx, func(tx *store.Tx) error {
		k, err := lockedKeys(ctx, tx)
		if err != nil {
			return err
		}
		if k, err = k.without(keyID); err != nil {
			return err
		}
		audit.RecordByOperator(ctx, tx, audit.SigningKeyRevoked, o.Who, keyID, nil)
		if err := remove(ctx, tx, keyID); err != nil {
			return err
		}
		return r.fill(ctx, tx, k, len(k.retired))
	})
}

// without are the keys but one.
func (k keys) without(keyID int64) (keys, error) {
	found := false
	drop := func(key *ent.SigningKey) *ent.SigningKey {
		if key == nil || key.ID != keyID {
			return key
		}
		found = true
		return nil
	}
	left := keys{active: drop(k.active), next: drop(k.next)}
	for _, key := range k.retired {
		if drop(key) != nil {
			left.retired = append(left.retired, key)
		}
	}
	if !found {
		return k, errNoSuchKey
	}
	return left, nil
}
