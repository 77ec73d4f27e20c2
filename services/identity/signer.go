package identity

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/signingkey"
	"github.com/pulse-social/pulse/services/internal/store"
)

// publishedKeys is how many keys there are: the one that signs, and the next, published ahead of its turn.
const publishedKeys = 2

// keyKept is how long the signing key is used before the database is asked again which one it is.
const keyKept = 10 * time.Second

// signer holds the key that signs access tokens.
type signer struct {
	db *store.DB

	mu   sync.Mutex
	id   int64
	key  ed25519.PrivateKey
	read time.Time
}

// ensure makes the signing keys when there are none yet. Processes that start at once make them once.
func (s *signer) ensure(ctx context.Context) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		known, err := tx.SigningKey.Query().Count(ctx)
		if err != nil {
			return fmt.Errorf("read the signing keys: %w", err)
		}
		for n := known; n < publishedKeys; n++ {
			if err := addKey(ctx, tx, n == 0); err != nil {
				return err
			}
		}
		return nil
	})
}

func addKey(ctx context.Context, tx *store.Tx, active bool) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	keyID := tx.NewID()
	if err := tx.SigningKey.Create().SetID(keyID).SetPublicKey(public).SetActive(active).Exec(ctx); err != nil {
		return fmt.Errorf("write a signing key: %w", err)
	}
	return tx.SigningSecret.Create().SetID(keyID).SetSeed(private.Seed()).Exec(ctx)
}

// current answers the key that signs now.
func (s *signer) current(ctx context.Context, client *ent.Client, now time.Time) (int64, ed25519.PrivateKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if age := now.Sub(s.read); s.key != nil && age >= 0 && age < keyKept {
		return s.id, s.key, nil
	}
	// Processes that made the first keys at the same moment may each have made an active one; the oldest counts.
	row, err := client.SigningKey.Query().Where(signingkey.Active(true)).Order(signingkey.ByID()).First(ctx)
	if err != nil {
		return 0, nil, fmt.Errorf("read the signing key: %w", err)
	}
	secret, err := client.SigningSecret.Get(ctx, row.ID)
	if err != nil {
		return 0, nil, fmt.Errorf("read the signing key: %w", err)
	}
	s.id, s.key, s.read = row.ID, ed25519.NewKeyFromSeed(secret.Seed), now
	return s.id, s.key, nil
}
