package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
)

// headID is the id of the one row of the chain's head.
const headID = 1

// An Act is what becomes an audit record.
type Act struct {
	// Action is what was done.
	Action string
	// ActorKind and ActorID say who did it.
	ActorKind string
	ActorID   int64
	// SubjectID is what it was done to.
	SubjectID int64
	// RequestID is the id of the call.
	RequestID string
	// Details are further values.
	Details map[string]string
}

// Audit adds an act to the transaction: its audit record is there if and only if the transaction commits. Services use
// package audit.
func (tx *Tx) Audit(act Act) { tx.acts = append(tx.acts, act) }

// chain appends the acts of the transaction to the chain. A transaction does it when all that fn does is done, for until it
// commits it keeps all others from appending.
func (tx *Tx) chain(ctx context.Context) error {
	if len(tx.acts) == 0 {
		return nil
	}
	head, err := tx.head(ctx)
	if err != nil {
		return fmt.Errorf("read the head of the audit log: %w", err)
	}
	place, hash := head.RecordID, head.Hash
	rows := make([]*ent.AuditRecordCreate, len(tx.acts))
	for i, act := range tx.acts {
		details, err := json.Marshal(act.Details) // Keys are sorted.
		if err != nil {
			return err
		}
		place++
		record := &ent.AuditRecord{
			ID: place, At: tx.Now, Action: act.Action, ActorKind: act.ActorKind, ActorID: act.ActorID,
			SubjectID: act.SubjectID, RequestID: act.RequestID, Details: string(details),
		}
		hash = AuditHash(hash, record)
		rows[i] = tx.own().AuditRecord.Create().SetID(place).SetAt(record.At).SetAction(record.Action).
			SetActorKind(record.ActorKind).SetActorID(record.ActorID).SetSubjectID(record.SubjectID).
			SetRequestID(record.RequestID).SetDetails(record.Details).SetHash(hash)
	}
	if err := tx.own().AuditRecord.CreateBulk(rows...).Exec(ctx); err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return tx.own().AuditHead.UpdateOneID(headID).SetRecordID(place).SetHash(hash).Exec(ctx)
}

// head answers the end of the chain, and keeps it until the transaction ends.
func (tx *Tx) head(ctx context.Context) (*ent.AuditHead, error) {
	query := tx.own().AuditHead.Query()
	if tx.store.engine == enginePostgres {
		query.ForUpdate() // SQLite has one writer.
	}
	head, err := query.Only(ctx)
	if ent.IsNotFound(err) {
		// Of several that begin the chain at once, all but one run again.
		return tx.own().AuditHead.Create().SetID(headID).SetRecordID(0).SetHash([]byte{}).Save(ctx)
	}
	return head, err
}

// AuditHash answers the hash of an audit record that follows one with the hash before, empty for the first: SHA-256 of
// all that the record says, each value with its length, so that no two records are the same bytes.
func AuditHash(before []byte, r *ent.AuditRecord) []byte {
	sum := sha256.New()
	number := func(n int64) { _ = binary.Write(sum, binary.BigEndian, n) } // A hash takes everything.
	bytes := func(b []byte) { number(int64(len(b))); sum.Write(b) }
	bytes(before)
	number(r.ID)
	number(r.At.UnixNano())
	bytes([]byte(r.Action))
	bytes([]byte(r.ActorKind))
	number(r.ActorID)
	number(r.SubjectID)
	bytes([]byte(r.RequestID))
	bytes([]byte(r.Details))
	return sum.Sum(nil)
}

// ShareAccount keeps an account as it is until the transaction ends: who changes its role or state meanwhile waits. What is
// read of it after that stays true.
func (tx *Tx) ShareAccount(ctx context.Context, accountID int64) (*ent.Account, error) {
	query := tx.Client.Account.Query().Where(func(s *entsql.Selector) { s.Where(entsql.EQ(s.C("id"), accountID)) })
	if tx.store.engine == enginePostgres {
		query.ForShare()
	}
	return query.Only(ctx)
}
