package store_test

import (
	"errors"
	"testing"

	entsql "entgo.io/ent/dialect/sql"

	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/store"
)

// TestSizes looks for every table of the schema that a post leaves rows in, and how long those stay.
func TestSizes(t *testing.T) {
	t.Parallel()
	sizes, err := open(t).Sizes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]store.TableSize{}
	for _, size := range sizes {
		got[size.Table] = size
	}
	for table, kept := range map[string]int64{
		"posts": 0, "post_counts": 0, "outbox_events": int64(store.OutboxKept),
		"inbox_entries": int64(store.InboxKept), "idempotency_records": int64(store.AnswersKept),
	} {
		if size := got[table]; size.Bytes <= 0 || int64(size.Kept) != kept {
			t.Errorf("%s takes %d bytes, kept for %s", table, size.Bytes, size.Kept)
		}
	}
}

func TestVacuumTellsPostgresWhatIsThere(t *testing.T) {
	t.Parallel()
	s, ctx := open(t), t.Context()
	err := s.For("post").Write(ctx, func(tx *store.Tx) error {
		return tx.Emit(&busv1.PostDeleted{PostId: 1, AuthorId: 2})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Vacuum(ctx); err != nil {
		t.Fatal(err)
	}
	if !s.IsPostgres() {
		return // SQLite has nothing to be told.
	}
	rows, err := s.For("post").QueryContext(ctx, "SELECT reltuples FROM pg_class WHERE oid = 'outbox_events'::regclass")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	known, err := entsql.ScanInt(rows)
	if err := errors.Join(err, rows.Err()); err != nil || known != 1 {
		t.Errorf("Postgres knows of %d events (%v), want 1", known, err)
	}
}
