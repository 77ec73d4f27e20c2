package identity

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/signingkey"
	"github.com/pulse-social/pulse/services/internal/store"
)

// keyKept is how long the signing key is used before the database is asked again which one it is.
const keyKept = 10 * time.Second

// signer holds the key that signs access tokens.
type signer struct {
	keyring *keyring

	mu   sync.Mutex
	id   int64
	key  ed25519.PrivateKey
	read time.Time
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
	seed, err := s.opened(ctx, client, secret)
	if err != nil {
		return 0, nil, fmt.Errorf("open the signing key: %w", err)
	}
	s.id, s.key, s.read = row.ID, ed25519.NewKeyFromSeed(seed), now
	return s.id, s.key, nil
}

// opened answers a seed. Those of before they were sealed are as they are.
func (s *signer) opened(ctx context.Context, client *ent.Client, secret *ent.SigningSecret) ([]byte, error) {
	if len(secret.Seed) == ed25519.SeedSize {
		return secret.Seed, nil
	}
	return s.keyring.open(ctx, client, keyPurpose(secret.ID), secret.Seed)
}

// keyPurpose is what a key's seed is sealed for.
func keyPurpose(keyID int64) string { return "signing key " + strconv.FormatInt(keyID, 10) }

// add draws a key and publishes it.
func (s *signer) add(ctx context.Context, tx *store.Tx, active bool) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	create := tx.SigningKey.Create().SetID(tx.NewID()).SetPublicKey(public).SetActive(active)
	if active {
		create.SetActivatedAt(tx.Now)
	}
	key, err := create.Save(ctx)
	if err != nil {
		return fmt.Errorf("write a signing key: %w", err)
	}
	sealed, err := s.keyring.seal(ctx, tx.Client, keyPurpose(key.ID), private.Seed())
	if err != nil {
		return err
	}
	return tx.SigningSecret.Create().SetID(key.ID).SetSeed(sealed).Exec(ctx)
}
