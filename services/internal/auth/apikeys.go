package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/apikey"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/kv"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// APIKeyPrefix begins every API key, so that scanners for leaked secrets know one.
	APIKeyPrefix = "pulse_key_"
	// apiKeyBytes is the randomness of an API key: 256 bits.
	apiKeyBytes = 32
	// apiKeysKept bounds how many keys a process remembers; one takes a hundred bytes.
	apiKeysKept = 10_000
)

// ErrAPIKey tells that an API key is not one of this server's, or not any more.
var ErrAPIKey = errors.New("API key is not valid")

// NewAPIKey draws an API key.
func NewAPIKey() string {
	raw := make([]byte, apiKeyBytes)
	_, _ = rand.Read(raw) // Never fails: see crypto/rand.
	return APIKeyPrefix + base64.RawURLEncoding.EncodeToString(raw)
}

// HashAPIKey is how an API key is kept. It has so much randomness that a plain hash cannot be reversed.
func HashAPIKey(key string) []byte {
	sum := sha256.Sum256([]byte(key))
	return sum[:]
}

// APIKeys tells whose API keys are sent, and whether they still work.
type APIKeys struct {
	liveness

	db  *store.DB
	now clock.Clock
	// known are keys that were found, by hash: what is in here never changes. Whether they live is asked each time.
	known *otter.Cache[string, knownKey]
}

type knownKey struct {
	id      int64
	expires *time.Time
}

// NewAPIKeys makes the API keys of a database and its Redis.
func NewAPIKeys(db *store.DB, k *kv.KV, now clock.Clock) *APIKeys {
	keys := &APIKeys{db: db, now: now, known: otter.Must(&otter.Options[string, knownKey]{MaximumSize: apiKeysKept})}
	keys.liveness = liveness{kv: k, prefix: "apikey", inDatabase: keys.inDatabase}
	return keys
}

// verify answers whose key it is. The error is [ErrAPIKey], or that it cannot be checked now.
func (a *APIKeys) verify(ctx context.Context, key string) (Principal, error) {
	hash := HashAPIKey(key)
	known, ok := a.known.GetIfPresent(string(hash))
	if !ok {
		row, err := a.db.APIKey.Query().Where(apikey.Hash(hash)).Only(ctx)
		if ent.IsNotFound(err) {
			return Principal{}, ErrAPIKey
		}
		if err != nil {
			return Principal{}, fmt.Errorf("look for the API key: %w", err)
		}
		known = knownKey{id: row.ID, expires: row.ExpiresAt}
		a.known.Set(string(hash), known)
	}
	if known.expires != nil && !a.now().Before(*known.expires) {
		return Principal{}, ErrAPIKey
	}
	if err := a.check(ctx, known.id); err != nil {
		if errors.Is(err, ErrRevoked) {
			err = ErrAPIKey
		}
		return Principal{}, err
	}
	return Principal{APIKeyID: known.id, Role: RoleService, Token: key}, nil
}

func (a *APIKeys) inDatabase(ctx context.Context, keyID int64) (bool, error) {
	row, err := a.db.APIKey.Get(ctx, keyID)
	if ent.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("check the API key: %w", err)
	}
	return row.RevokedAt == nil, nil
}

// isAPIKey tells an API key from an access token.
func isAPIKey(token string) bool { return strings.HasPrefix(token, APIKeyPrefix) }
