package identity

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/services/internal/seal"
	"github.com/pulse-social/pulse/services/internal/store"
)

// keptKeyID is the id of the one row of sealing keys.
const keptKeyID = 1

// A keyring seals what the database keeps and the server must read again, such as the secrets of authenticator apps. With
// keys of the configuration, who has only the database cannot open it.
type keyring struct {
	db         *store.DB
	configured []string
	// host names the server to authenticator apps.
	host string

	mu sync.Mutex
	// kept is the key in the database; it stays good when keys are configured later.
	kept string
}

// ensure makes the key in the database when there is none yet.
func (k *keyring) ensure(ctx context.Context) error {
	return k.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.SealingKey.Get(ctx, keptKeyID)
		if !store.IsNotFound(err) {
			return err
		}
		key := make([]byte, 32)
		_, _ = rand.Read(key) // Never fails: see crypto/rand.
		return tx.SealingKey.Create().SetID(keptKeyID).SetKey(key).Exec(ctx)
	})
}

// keys answers all keys; the first is the one that seals.
func (k *keyring) keys(ctx context.Context, client *ent.Client) ([]string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == "" {
		row, err := client.SealingKey.Get(ctx, keptKeyID)
		if err != nil {
			return nil, fmt.Errorf("read the sealing key: %w", err)
		}
		k.kept = hex.EncodeToString(row.Key)
	}
	return append(append([]string{}, k.configured...), k.kept), nil
}

// seal encrypts plain for a purpose.
func (k *keyring) seal(ctx context.Context, client *ent.Client, purpose string, plain []byte) ([]byte, error) {
	keys, err := k.keys(ctx, client)
	if err != nil {
		return nil, err
	}
	return seal.Seal(keys[0], purpose, plain)
}

// open decrypts what was sealed for the purpose under any of the keys.
func (k *keyring) open(ctx context.Context, client *ent.Client, purpose string, sealed []byte) ([]byte, error) {
	keys, err := k.keys(ctx, client)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, key := range keys {
		plain, err := seal.Open(key, purpose, sealed)
		if err == nil {
			return plain, nil
		}
		errs = append(errs, err)
	}
	return nil, fmt.Errorf("no key of PULSE_SEAL_KEYS opens it: add the one that was used before: %w", errors.Join(errs...))
}
