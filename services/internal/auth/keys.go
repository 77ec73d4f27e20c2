package auth

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/signingkey"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

// keysKept is how long the public keys are used before they are read again, so that a key that was withdrawn is not
// accepted for longer; an unknown key is looked for at once, but not more often than every keysPause.
const (
	keysKept  = 30 * time.Second
	keysPause = time.Second
)

// Keys are the public keys that access tokens are checked with.
type Keys struct {
	db  *store.DB
	now clock.Clock

	mu   sync.Mutex
	set  jwk.Set
	read time.Time
}

// NewKeys makes the keys of the database.
func NewKeys(db *store.DB, now clock.Clock) *Keys { return &Keys{db: db, now: now, set: jwk.NewSet()} }

// Set answers the published keys, freshly read when kid is not among those known.
func (k *Keys) Set(ctx context.Context, kid string) (jwk.Set, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	age := k.now().Sub(k.read)
	_, known := k.set.LookupKeyID(kid)
	if age >= 0 && (age < keysPause || known && age < keysKept) {
		return k.set, nil
	}
	rows, err := k.db.SigningKey.Query().Order(signingkey.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the signing keys: %w", err)
	}
	set := jwk.NewSet()
	for _, row := range rows {
		key, err := publicJWK(row)
		if err != nil {
			return nil, err
		}
		if err := set.AddKey(key); err != nil {
			return nil, err
		}
	}
	k.set, k.read = set, k.now()
	return set, nil
}

// JWKS answers the published keys as a JSON Web Key Set (RFC 7517).
func (k *Keys) JWKS(ctx context.Context) ([]byte, error) {
	set, err := k.Set(ctx, "")
	if err != nil {
		return nil, err
	}
	return json.Marshal(set)
}

// publicJWK is a signing key as a JSON Web Key.
func publicJWK(row *ent.SigningKey) (jwk.Key, error) {
	key, err := jwk.Import(ed25519.PublicKey(row.PublicKey))
	if err != nil {
		return nil, fmt.Errorf("signing key %d: %w", row.ID, err)
	}
	for name, value := range map[string]any{
		jwk.KeyIDKey: id.String(row.ID), jwk.AlgorithmKey: jwa.EdDSA(), jwk.KeyUsageKey: jwk.ForSignature,
	} {
		if err := key.Set(name, value); err != nil {
			return nil, err
		}
	}
	return key, nil
}
