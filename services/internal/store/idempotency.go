package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/idempotencyrecord"
	"github.com/pulse-social/pulse/services/internal/seal"
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
	record, err := tx.own().IdempotencyRecord.Query().Where(idempotencyrecord.KeyHash(i.keyHash())).Only(ctx)
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
	return seal.Open(i.Key, i.purpose(), record.SealedResponse)
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
	sealed, err := seal.Seal(i.Key, i.purpose(), encoded)
	if err != nil {
		return err
	}
	return tx.own().IdempotencyRecord.Create().SetID(tx.NewID()).
		SetKeyHash(i.keyHash()).SetRequestMAC(mac).SetSealedResponse(sealed).Exec(ctx)
}

// purpose binds the sealed answer to whose it is, and to what.
func (i *Idempotency) purpose() string { return "idempotent answer to " + i.Scope }

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
