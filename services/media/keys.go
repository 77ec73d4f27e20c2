package media

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/seal"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// keyID is the id of the one row of keys.
	keyID = 1
	// linkLife is how long an address to upload to and a delivery key are good, as links are.
	linkLife = 30 * time.Minute
)

// What is sealed, and for what.
const (
	forUpload   = "media upload"
	forDelivery = "media delivery"
)

// errLink tells that an address or a key is none of ours, or not good any more.
var errLink = errors.New("the address is not good, or not any more")

// keys seal what is put into addresses, so that nobody makes any up.
type keys struct {
	db  *store.DB
	now clock.Clock

	mu     sync.Mutex
	secret string
}

// ensure makes the secret when there is none yet.
func (k *keys) ensure(ctx context.Context) error {
	return k.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.MediaKey.Get(ctx, keyID)
		if !store.IsNotFound(err) {
			return err
		}
		secret := make([]byte, 32)
		_, _ = rand.Read(secret) // Never fails: see crypto/rand.
		return tx.MediaKey.Create().SetID(keyID).SetSecret(hex.EncodeToString(secret)).Exec(ctx)
	})
}

// load answers the secret, which never changes.
func (k *keys) load(ctx context.Context) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.secret == "" {
		row, err := k.db.MediaKey.Get(ctx, keyID)
		if err != nil {
			return "", fmt.Errorf("read the key of addresses: %w", err)
		}
		k.secret = row.Secret
	}
	return k.secret, nil
}

// make answers numbers sealed for a purpose, as they go into an address, and until when they are good.
func (k *keys) make(ctx context.Context, purpose string, numbers ...int64) (string, time.Time, error) {
	secret, err := k.load(ctx)
	if err != nil {
		return "", time.Time{}, err
	}
	until := k.now().Add(linkLife).Truncate(time.Millisecond)
	var plain strings.Builder
	plain.WriteString(strconv.FormatInt(until.UnixMilli(), 10))
	for _, n := range numbers {
		plain.WriteString("." + strconv.FormatInt(n, 10))
	}
	sealed, err := seal.Seal(secret, purpose, []byte(plain.String()))
	return base64.RawURLEncoding.EncodeToString(sealed), until, err
}

// open is the other way of make. It fails with [errLink] for what is not good.
func (k *keys) open(ctx context.Context, purpose, link string, want int) ([]int64, error) {
	secret, err := k.load(ctx)
	if err != nil {
		return nil, err
	}
	sealed, err := base64.RawURLEncoding.DecodeString(link)
	if err != nil {
		return nil, errLink
	}
	plain, err := seal.Open(secret, purpose, sealed)
	if err != nil {
		return nil, errLink
	}
	var numbers []int64
	for part := range strings.SplitSeq(string(plain), ".") {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			return nil, errLink
		}
		numbers = append(numbers, n)
	}
	if len(numbers) != want+1 || !k.now().Before(time.UnixMilli(numbers[0])) {
		return nil, errLink
	}
	return numbers[1:], nil
}
