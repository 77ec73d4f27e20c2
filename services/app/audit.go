package app

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/pulse-social/pulse/services/internal/audit"
)

// AuditReport is what a verification of the audit log found.
type AuditReport = audit.Report

// VerifyAudit reads the whole audit log of the configured database and answers what is wrong with it. known is the head of
// an earlier report, which has to be in it still; empty is none.
func VerifyAudit(ctx context.Context, c Config, known string) (*AuditReport, error) {
	s, err := openCurrentStore(ctx, c)
	if err != nil {
		return nil, err
	}
	report, err := audit.Verify(ctx, s.For("audit"), known)
	return report, errors.Join(err, s.Close())
}

// AuditFilter says which records of the audit log are wanted.
type AuditFilter = audit.Filter

// AuditRecord is one act that has to be accounted for.
type AuditRecord struct {
	ID        int64             `json:"id,string"`
	Time      time.Time         `json:"time"`
	Action    string            `json:"action"`
	ActorKind string            `json:"actor_kind"`
	ActorID   int64             `json:"actor_id,string,omitempty"`
	SubjectID int64             `json:"subject_id,string"`
	RequestID string            `json:"request_id,omitempty"`
	Details   map[string]string `json:"details,omitempty"`
}

// ListAudit answers records of the configured database's audit log, newest first.
func ListAudit(ctx context.Context, c Config, f AuditFilter) ([]AuditRecord, error) {
	s, err := openCurrentStore(ctx, c)
	if err != nil {
		return nil, err
	}
	rows, err := audit.List(ctx, s.For("audit"), f)
	if err = errors.Join(err, s.Close()); err != nil {
		return nil, err
	}
	records := make([]AuditRecord, len(rows))
	for i, row := range rows {
		records[i] = AuditRecord{
			ID: row.ID, Time: row.At, Action: row.Action, ActorKind: row.ActorKind, ActorID: row.ActorID,
			SubjectID: row.SubjectID, RequestID: row.RequestID,
		}
		_ = json.Unmarshal([]byte(row.Details), &records[i].Details) // What was altered is for VerifyAudit to tell.
	}
	return records, nil
}
