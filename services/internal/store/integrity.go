package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Integrity asks the database whether it is sound, and answers what is not and how much was looked at.
func (s *Store) Integrity(ctx context.Context) (problems []string, checked int, err error) {
	if s.engine == engineSQLite {
		return s.integrityOfFile(ctx)
	}
	problems, err = texts(ctx, s.reader, `SELECT 'index ' || indexrelid::regclass::text || ' is not valid' FROM pg_index WHERE NOT indisvalid OR NOT indisready
		UNION ALL SELECT 'constraint ' || conname || ' is not validated' FROM pg_constraint WHERE NOT convalidated`)
	if err != nil {
		return nil, 0, err
	}
	if err := s.reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM pg_index`).Scan(&checked); err != nil {
		return nil, 0, err
	}
	broken, err := s.brokenIndexes(ctx)
	return append(problems, broken...), checked, err
}

// integrityOfFile is Integrity for SQLite. It has a connection of its own: on one that was used, the check of a full-text
// index goes by what that connection has kept of the index's structure, and takes a newer one for a corrupt one.
func (s *Store) integrityOfFile(ctx context.Context) (problems []string, checked int, err error) {
	db, err := openFile(sqliteDSN(s.file, readerCacheKiB, "_pragma", "query_only(1)"), false)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	problems, err = texts(ctx, db, `SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'
		UNION ALL SELECT 'foreign key of ' || "table" FROM pragma_foreign_key_check`)
	if err == nil {
		err = db.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_schema`).Scan(&checked)
	}
	return problems, checked, err
}

// brokenIndexes has the extension amcheck look at every index of the schema, where a superuser has installed it and lets
// this user use it.
func (s *Store) brokenIndexes(ctx context.Context) ([]string, error) {
	var usable bool
	err := s.reader.QueryRowContext(ctx, `SELECT COALESCE(bool_or(has_function_privilege(oid, 'EXECUTE')), false) FROM pg_proc
		WHERE proname = 'bt_index_check' AND pronargs = 1`).Scan(&usable)
	if err != nil || !usable {
		return nil, err
	}
	indexes, err := texts(ctx, s.reader, `SELECT indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am a ON a.oid = c.relam
		WHERE n.nspname = current_schema() AND a.amname = 'btree' AND c.relkind = 'i'`)
	if err != nil {
		return nil, err
	}
	var problems []string
	for _, index := range indexes {
		if _, err := s.reader.ExecContext(ctx, `SELECT bt_index_check($1::regclass)`, index); err != nil {
			problems = append(problems, fmt.Sprintf("index %s: %v", index, err))
		}
	}
	return problems, nil
}

// texts answers a column of texts.
func texts(ctx context.Context, db *sql.DB, query string, args ...any) (texts []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text sql.NullString
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		texts = append(texts, text.String)
	}
	return texts, rows.Err()
}
