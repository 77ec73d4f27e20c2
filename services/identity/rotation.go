package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/signingkey"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

// The life of a signing key. Two are published: the one that signs, and the next one. When the first has signed for its
// life, the next one, which everybody has known for long, takes its turn; the first is published until the last token that
// it signed has expired, and then makes room for another next one. So no token is ever checked by somebody who has not had
// the time to learn its key.
const (
	// retiredFor is how long a key is published after its turn: longer than a process signs with it unaware and its last
	// token is accepted.
	retiredFor = auth.AccessTokenLife + 2*time.Minute
	// nextReadyAfter is how long a key is published before it may sign: longer than a gateway keeps the keys by what it is told.
	nextReadyAfter = time.Minute
	// rotationCheck is how often a process looks whether something is due.
	rotationCheck = 5 * time.Second
)

var (
	errNextNotReady = errors.New("the next key is not published long enough, for the last rotation was less than 13 minutes ago: try again after that, or use pulse keys revoke for a key that leaked")
	errNoSuchKey    = errors.New("there is no such signing key: pulse keys list shows those there are")
)

// A rotation takes signing keys through their lives. Any number of processes may run one: a step is one transaction, which
// changes nothing when another process has taken the step before.
type rotation struct {
	db     *store.DB
	signer *signer
	// life is how long a key signs.
	life time.Duration
	now  clock.Clock
	log  *slog.Logger
}

// run takes every step that is due, until ctx ends.
func (r *rotation) run(ctx context.Context) {
	tick := time.NewTicker(rotationCheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := r.step(ctx); err != nil && ctx.Err() == nil {
				r.log.WarnContext(ctx, "signing keys are not rotated now", "error", err)
			}
		}
	}
}

// step takes the steps that are due, the first keys included.
func (r *rotation) step(ctx context.Context) error {
	rows, err := r.db.SigningKey.Query().Order(signingkey.ByID()).All(ctx)
	if err != nil {
		return fmt.Errorf("read the signing keys: %w", err)
	}
	if !r.due(keysOf(rows), r.now()) {
		return nil
	}
	return r.db.Write(ctx, func(tx *store.Tx) error {
		keys, err := lockedKeys(ctx, tx)
		if err != nil {
			return err
		}
		return r.takeSteps(ctx, tx, keys)
	})
}

// keys are the signing keys by where they are in their lives.
type keys struct {
	active, next *ent.SigningKey
	retired      []*ent.SigningKey
}

func keysOf(rows []*ent.SigningKey) keys {
	var k keys
	for _, row := range rows {
		switch {
		case row.Active && k.active == nil:
			k.active = row
		case row.Active || row.RetiredAt != nil:
			k.retired = append(k.retired, row)
		case k.next == nil:
			k.next = row
		}
	}
	return k
}

// lockedKeys answers the keys, and keeps all others from changing them until the transaction ends.
func lockedKeys(ctx context.Context, tx *store.Tx) (keys, error) {
	if err := tx.Lock(ctx, "signing keys"); err != nil {
		return keys{}, err
	}
	rows, err := tx.SigningKey.Query().Order(signingkey.ByID()).All(ctx)
	if err != nil {
		return keys{}, fmt.Errorf("read the signing keys: %w", err)
	}
	return keysOf(rows), nil
}

// activeSince is when a key's turn began; that of keys from before rotation with the key itself.
func activeSince(key *ent.SigningKey) time.Time {
	if key.ActivatedAt != nil {
		return *key.ActivatedAt
	}
	return id.Time(key.ID)
}

// over tells whether a key is to be published no longer.
func over(key *ent.SigningKey, now time.Time) bool {
	return key.RetiredAt == nil || now.Sub(*key.RetiredAt) > retiredFor
}

// due tells whether anything is to be done.
func (r *rotation) due(k keys, now time.Time) bool {
	for _, key := range k.retired {
		if over(key, now) {
			return true
		}
	}
	return k.active == nil || k.next == nil && len(k.retired) == 0 || k.next != nil && now.Sub(activeSince(k.active)) > r.life
}

// takeSteps does all that is due.
func (r *rotation) takeSteps(ctx context.Context, tx *store.Tx, k keys) error {
	var left int
	for _, key := range k.retired {
		if !over(key, tx.Now) {
			left++
			continue
		}
		if err := remove(ctx, tx, key.ID); err != nil {
			return err
		}
	}
	if k.active != nil && k.next != nil && tx.Now.Sub(activeSince(k.active)) > r.life {
		audit.Record(ctx, tx, audit.SigningKeyRotated, k.next.ID, nil)
		if err := turn(ctx, tx, k); err != nil {
			return err
		}
		k.active, k.next = k.next, nil
		left++
	}
	return r.fill(ctx, tx, k, left)
}

// turn makes the next key the one that signs.
func turn(ctx context.Context, tx *store.Tx, k keys) error {
	if err := tx.SigningKey.UpdateOneID(k.active.ID).SetActive(false).SetRetiredAt(tx.Now).Exec(ctx); err != nil {
		return err
	}
	return tx.SigningKey.UpdateOneID(k.next.ID).SetActive(true).SetActivatedAt(tx.Now).Exec(ctx)
}

// fill makes the keys that are missing: one that signs, and the next one as soon as no retired one is published any more.
func (r *rotation) fill(ctx context.Context, tx *store.Tx, k keys, retired int) error {
	if k.active == nil {
		var err error
		if k.next != nil {
			err = tx.SigningKey.UpdateOneID(k.next.ID).SetActive(true).SetActivatedAt(tx.Now).Exec(ctx)
			k.next = nil
		} else {
			err = r.signer.add(ctx, tx, true)
		}
		if err != nil {
			return err
		}
	}
	if k.next != nil || retired > 0 {
		return nil
	}
	return r.signer.add(ctx, tx, false)
}

// remove publishes a key no longer: its tokens are refused as soon as a process reads the keys again, which each does
// every half minute.
func remove(ctx context.Context, tx *store.Tx, keyID int64) error {
	if err := tx.SigningKey.DeleteOneID(keyID).Exec(ctx); err != nil {
		return err
	}
	return tx.SigningSecret.DeleteOneID(keyID).Exec(ctx)
}
