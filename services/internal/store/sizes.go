package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/pulse-social/pulse/ent/idempotencyrecord"
	"github.com/pulse-social/pulse/ent/inboxentry"
	"github.com/pulse-social/pulse/ent/outboxevent"
)

// A TableSize is how much room a table takes.
type TableSize struct {
	// Table is its name.
	Table string
	// Bytes are those of its rows and its indexes, whole pages.
	Bytes int64
	// Kept is how long its rows stay before [Store.Prune] deletes them; 0 means for good.
	Kept time.Duration
}

// kept are the tables whose rows are deleted when they have served their time.
var kept = map[string]time.Duration{
	outboxevent.Table:       OutboxKept,
	inboxentry.Table:        InboxKept,
	idempotencyrecord.Table: AnswersKept,
}

// Vacuum has Postgres do at once what its autovacuum comes to within a minute: a database that was just filled then plans and
// reads as one that has been there for longer. SQLite has nothing to catch up with: it keeps no statistics unless it is told to.
func (s *Store) Vacuum(ctx context.Context) error {
	if s.engine == engineSQLite {
		return nil
	}
	db, err := s.migrator() // A large table takes longer than a statement may.
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(ctx, "VACUUM (ANALYZE)"); err != nil {
		return fmt.Errorf("vacuum: %w", err)
	}
	return nil
}

// Sizes answers how much room each table takes.
func (s *Store) Sizes(ctx context.Context) (sizes []TableSize, err error) {
	query := `SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = current_schema() AND c.relkind = 'r' ORDER BY 1`
	if s.engine == engineSQLite {
		// dbstat reads every page; see https://sqlite.org/dbstat.html.
		query = `SELECT s.tbl_name, SUM(d.pgsize) FROM dbstat d JOIN sqlite_schema s ON s.name = d.name GROUP BY 1 ORDER BY 1`
	}
	rows, err := s.reader.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("size of the tables: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var size TableSize
		var bytes sql.NullInt64
		if err := rows.Scan(&size.Table, &bytes); err != nil {
			return nil, err
		}
		size.Bytes, size.Kept = bytes.Int64, kept[size.Table]
		sizes = append(sizes, size)
	}
	return sizes, rows.Err()
}
