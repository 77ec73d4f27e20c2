package audit

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/auditrecord"
	"github.com/pulse-social/pulse/services/internal/store"
)

// A Filter says which records are wanted.
type Filter struct {
	// SubjectID is what they are about; 0 is anything.
	SubjectID int64
	// Action is what was done; empty is anything.
	Action string
	// Before is the place that they come before; 0 is the end.
	Before int64
	// Limit is how many at most.
	Limit int
}

// List answers records, newest first.
func List(ctx context.Context, db *store.DB, f Filter) ([]*ent.AuditRecord, error) {
	query := db.AuditRecord.Query().Order(auditrecord.ByID(entsql.OrderDesc())).Limit(f.Limit)
	if f.SubjectID != 0 {
		query.Where(auditrecord.SubjectID(f.SubjectID))
	}
	if f.Action != "" {
		query.Where(auditrecord.Action(f.Action))
	}
	if f.Before != 0 {
		query.Where(auditrecord.IDLT(f.Before))
	}
	rows, err := query.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	return rows, nil
}
