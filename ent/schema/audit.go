package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/pulse-social/pulse/ent/ownership"
)

// AuditRecord is one act that has to be accountable for, in the order of the chain. Rows are never changed nor deleted:
// triggers refuse it, and the hashes tell of it.
type AuditRecord struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (AuditRecord) Mixin() []ent.Mixin { return []ent.Mixin{ownership.AppendOnlyBy(store)} }

// Fields implements [ent.Interface].
func (AuditRecord) Fields() []ent.Field {
	return []ent.Field{
		idField("Place in the chain, from 1 and without a gap."),
		field.Time("at").Immutable().Comment("When the transaction of the act began."),
		field.String("action").Immutable().Comment("What was done, such as account.log_in."),
		field.String("actor_kind").Immutable().Comment("user, api_key, operator or system."),
		field.Int64("actor_id").Immutable().Comment("Id of the user or key; 0 for others."),
		field.Int64("subject_id").Immutable().Comment("Id of the account, key or other thing that it was done to."),
		field.String("request_id").Immutable().Comment("Id of the call; empty for a command."),
		field.Text("details").Immutable().Comment("Further values as a JSON object with sorted keys, never secrets nor addresses."),
		field.Bytes("hash").Immutable().Comment("SHA-256 of the record before's hash and this record."),
	}
}

// Indexes implements [ent.Interface].
func (AuditRecord) Indexes() []ent.Index { return []ent.Index{index.Fields("subject_id", "id")} }

// AuditHead is the end of the chain of audit records: a single row, which whoever appends locks. With it, records that are
// missing at the end are noticed too.
type AuditHead struct{ ent.Schema }

// Mixin implements [ent.Interface].
func (AuditHead) Mixin() []ent.Mixin { return []ent.Mixin{ownership.By(store)} }

// Fields implements [ent.Interface].
func (AuditHead) Fields() []ent.Field {
	return []ent.Field{
		idField("Always 1."),
		field.Int64("record_id").Comment("Place of the last record."),
		field.Bytes("hash").Comment("Hash of the last record."),
	}
}
