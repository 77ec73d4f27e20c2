package audit

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/auditrecord"
	"github.com/pulse-social/pulse/services/internal/store"
)

// verifyBatch is how many records are read at once.
const verifyBatch = 1000

// A Report is what a verification found.
type Report struct {
	// Records is how many records there are.
	Records int64 `json:"records"`
	// Head is the place of the last record and its hash, as "12:abcdef…"; "0:" for an empty log. Kept elsewhere, it tells
	// later whether the log up to there is still the same.
	Head string `json:"head"`
	// Problems name each record that is not what it was, is missing, or was put in. Empty is a sound log.
	Problems []string `json:"problems"`
}

// problem notes a problem.
func (r *Report) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// Verify reads the whole log and answers what is wrong with it. known is a head that an earlier report answered, which has
// to be in the chain still; empty is none.
func Verify(ctx context.Context, db *store.DB, known string) (*Report, error) {
	report := &Report{Problems: []string{}}
	// The head is read first: what is appended meanwhile is beyond it.
	head, err := db.AuditHead.Query().Only(ctx)
	if ent.IsNotFound(err) {
		head, err = &ent.AuditHead{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the head of the audit log: %w", err)
	}
	walk := walk{report: report, known: known}
	for {
		rows, err := db.AuditRecord.Query().Where(auditrecord.IDGT(walk.place), auditrecord.IDLTE(head.RecordID)).
			Order(auditrecord.ByID()).Limit(verifyBatch).All(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the audit log: %w", err)
		}
		for _, row := range rows {
			walk.next(row)
		}
		if len(rows) < verifyBatch {
			break
		}
	}
	walk.finish(head)
	return report, beyond(ctx, db, report, head.RecordID)
}

// beyond names records after the head. Whoever appends moves the head along, so there are none in a sound log that is at
// rest; in one that is not, a head that has moved meanwhile explains them.
func beyond(ctx context.Context, db *store.DB, report *Report, end int64) error {
	rows, err := db.AuditRecord.Query().Where(auditrecord.Or(auditrecord.IDGT(end), auditrecord.IDLT(1))).Order(auditrecord.ByID()).Limit(verifyBatch).IDs(ctx)
	if err != nil || len(rows) == 0 {
		return err
	}
	head, err := db.AuditHead.Query().Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return err
	}
	for _, place := range rows {
		if place < 1 || head == nil || place > head.RecordID {
			report.problem("record %d was put in: the log ends before it", place)
		}
	}
	return nil
}

// A walk goes along the chain.
type walk struct {
	report *Report
	known  string
	// place and hash are those of the record before, as they stand in the log.
	place int64
	hash  []byte
}

// next looks at the next record.
func (w *walk) next(row *ent.AuditRecord) {
	// After a gap there is nothing to compare with.
	if !w.gapBefore(row.ID) && !bytes.Equal(row.Hash, store.AuditHash(w.hash, row)) {
		w.report.problem("record %d (%s of %d) was altered, or put in after record %d", row.ID, row.Action, row.SubjectID, w.place)
	}
	w.place, w.hash = row.ID, row.Hash
	w.report.Records++
	if where, hash, ok := splitHead(w.known); ok && where == row.ID && hash != hex.EncodeToString(row.Hash) {
		w.report.problem("record %d is not the one that the known head names: the log up to it was written anew", row.ID)
	}
}

// gapBefore tells whether records are missing before a place, and names them.
func (w *walk) gapBefore(place int64) bool {
	switch gap := place - w.place - 1; {
	case gap == 1:
		w.report.problem("record %d is missing", w.place+1)
	case gap > 1:
		w.report.problem("records %d to %d are missing", w.place+1, place-1)
	default:
		return false
	}
	return true
}

// finish compares the end of the chain with its head.
func (w *walk) finish(head *ent.AuditHead) {
	if !w.gapBefore(head.RecordID+1) && !bytes.Equal(w.hash, head.Hash) {
		w.report.problem("the head does not fit record %d: one of the two was altered", head.RecordID)
	}
	w.report.Head = fmt.Sprintf("%d:%s", head.RecordID, hex.EncodeToString(head.Hash))
	where, _, ok := splitHead(w.known)
	switch {
	case w.known != "" && !ok:
		w.report.problem("%q is no head: it looks like 12:abcdef", w.known)
	case ok && where > head.RecordID:
		w.report.problem("the log ends at record %d, before the known head at %d", head.RecordID, where)
	}
}

// splitHead reads a head as a report writes it.
func splitHead(known string) (place int64, hash string, ok bool) {
	n, err := fmt.Sscanf(known, "%d:%s", &place, &hash)
	return place, hash, err == nil && n == 2
}
