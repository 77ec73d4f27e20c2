package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/services/internal/failpoint"
)

// writeAttempts bounds how often a transaction that lost a race is run again.
const writeAttempts = 6

// A Tx is a write transaction of one service. Its embedded client changes what the service owns and reads everything.
type Tx struct {
	*ent.Client
	// Now is when the transaction began.
	Now time.Time

	driver txDriver
	owned  *ent.Client // see own
	store  *Store
	trace  string
	events []*ent.OutboxEvent
	last   []Statement
	acts   []Act
}

// Write runs fn in a transaction and commits it, with the events that fn emitted, when fn returns nil. Nothing of it
// happens otherwise. When the transaction lost a race (a deadlock, a serialization failure, a unique key that somebody
// else took meanwhile) fn runs again from the start; so fn looks before it inserts, changes nothing outside of tx, and
// a conflict that remains is its own finding.
func (db *DB) Write(ctx context.Context, fn func(tx *Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := db.writeOnce(ctx, fn)
		if err == nil || attempt == writeAttempts || !lostRace(err) {
			return err
		}
		pause := time.NewTimer(time.Duration(rand.Int64N(int64(attempt) * int64(4*time.Millisecond)))) //nolint:gosec // Jitter.
		select {
		case <-ctx.Done():
			pause.Stop()
			return errors.Join(ctx.Err(), err)
		case <-pause.C:
		}
	}
}

// writeOnce is one attempt of [DB.Write].
func (db *DB) writeOnce(ctx context.Context, fn func(tx *Tx) error) error {
	s := db.store
	sqlTx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	driver := txDriver{Conn: entsql.Conn{ExecQuerier: sqlTx}, engine: s.engine}
	tx := &Tx{Client: db.writing.On(driver), Now: s.now(), driver: driver, store: s, trace: traceParent(ctx)}
	err = fn(tx)
	if err == nil {
		err = tx.chain(ctx)
	}
	if err == nil {
		failpoint.Hit(failpoint.BeforeCommit) // What finish writes may commit.
		err = tx.finish(ctx)
	}
	if err != nil {
		return errors.Join(err, ignoreDone(sqlTx.Rollback()))
	}
	if err := sqlTx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	failpoint.Hit(failpoint.AfterCommit)
	s.tell(tx.events)
	return nil
}

// own answers the client that changes what this package owns.
func (tx *Tx) own() *ent.Client {
	if tx.owned == nil {
		tx.owned = tx.store.outbox.writing.On(tx.driver)
	}
	return tx.owned
}

// NewID draws an id for a row of the transaction.
func (tx *Tx) NewID() int64 { return tx.store.ids.Next() }

// Store answers the store that the transaction is on.
func (tx *Tx) Store() *Store { return tx.store }

// Answer runs fn in a transaction as [DB.Write] does and returns its answer. When the call carried an idempotency key
// ([WithIdempotency]), the answer is kept in the same transaction, and another call with the key gets it instead of
// running fn, or instead of what fn refuses it for.
func Answer[T proto.Message](ctx context.Context, db *DB, fn func(tx *Tx) (T, error)) (T, error) {
	var answer T
	key := idempotencyFrom(ctx)
	err := db.Write(ctx, func(tx *Tx) error {
		if kept, err := key.recall(ctx, tx); err != nil || kept != nil {
			return recalled(&answer, kept, err)
		}
		var err error
		if answer, err = fn(tx); err != nil {
			// The first call with the key may have committed since, and what fn refuses may be the effect of that.
			if kept, again := key.recall(ctx, tx); again == nil && kept != nil {
				return recalled(&answer, kept, nil)
			}
			return err
		}
		return key.keep(ctx, tx, answer)
	})
	if err != nil {
		var none T
		return none, err
	}
	return answer, nil
}

// recalled decodes a kept answer.
func recalled[T proto.Message](answer *T, kept []byte, err error) error {
	if err != nil {
		return err
	}
	fresh, ok := (*answer).ProtoReflect().New().Interface().(T)
	if !ok {
		return fmt.Errorf("answer type %T does not make its own kind", *answer)
	}
	*answer = fresh
	return proto.Unmarshal(kept, fresh)
}
