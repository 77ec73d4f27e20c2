package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/idempotencyrecord"
)

// ErrKeyReused tells that an idempotency key came again with another request.
var ErrKeyReused = errors.New("idempotency key was used for another request")

// An Idempotency is the idempotency key of a call. The database learns neither the key nor the answer: the key is kept
// as a hash, and the answer, which may hold tokens, is sealed under a key derived from it.
type Idempotency struct {
	// Scope is whose key it is and for what: caller and method.
	Scope string
	// Key is what the caller sent.
	Key string
	// Request is the decoded request; it is set when it has been read.
	Request proto.Message
}

type idempotencyKey struct{}

// WithIdempotency makes every [Answer] under the context keep to the key.
func WithIdempotency(ctx context.Context, i *Idempotency) context.Context {
	return context.WithValue(ctx, idempotencyKey{}, i)
}

// idempotencyFrom answers the key of a call, nil when it carried none.
func idempotencyFrom(ctx context.Context) *Idempotency {
	i, _ := ctx.Value(idempotencyKey{}).(*Idempotency)
	return i
}

// recall answers what the first call with the key was answered, nil when this is the first.
func (i *Idempotency) recall(ctx context.Context, tx *Tx) ([]byte, error) {
	if i == nil {
		return nil, nil
	}
	record, err := tx.own.IdempotencyRecord.Query().Where(idempotencyrecord.KeyHash(i.keyHash())).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the answer kept for the idempotency key: %w", err)
	}
	mac, err := i.requestMAC()
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(mac, record.RequestMAC) {
		return nil, ErrKeyReused
	}
	return i.open(record.SealedResponse)
}

// keep records the answer to the first call with the key.
func (i *Idempotency) keep(ctx context.Context, tx *Tx, answer proto.Message) error {
	if i == nil {
		return nil
	}
	encoded, err := proto.Marshal(answer)
	if err != nil {
		return err
	}
	mac, err := i.requestMAC()
	if err != nil {
		return err
	}
	sealed, err := i.seal(encoded)
	if err != nil {
		return err
	}
	return tx.own.IdempotencyRecord.Create().SetID(tx.NewID()).
		SetKeyHash(i.keyHash()).SetRequestMAC(mac).SetSealedResponse(sealed).Exec(ctx)
}

func (i *Idempotency) keyHash() []byte {
	sum := sha256.Sum256([]byte(i.Scope + "\x00" + i.Key))
	return sum[:]
}

// requestMAC is a keyed hash, for a plain one would let the holder of the database guess passwords in requests.
func (i *Idempotency) requestMAC() ([]byte, error) {
	encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(i.Request)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, []byte(i.Key))
	mac.Write(encoded)
	return mac.Sum(nil), nil
}

// aead answers AES-256-GCM under a key derived from the idempotency key by HKDF (RFC 5869).
func (i *Idempotency) aead() (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(i.Key), []byte(i.Scope), "pulse idempotency answer", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func (i *Idempotency) seal(plain []byte) ([]byte, error) {
	aead, err := i.aead()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	_, _ = rand.Read(nonce) // Never fails: see crypto/rand.
	return aead.Seal(nonce, nonce, plain, nil), nil
}

func (i *Idempotency) open(sealed []byte) ([]byte, error) {
	aead, err := i.aead()
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize() {
		return nil, errors.New("answer kept for the idempotency key is cut short")
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
	if err != nil {
		return nil, fmt.Errorf("open the answer kept for the idempotency key: %w", err)
	}
	if plain == nil {
		plain = []byte{} // An empty message is an answer too.
	}
	return plain, nil
}
