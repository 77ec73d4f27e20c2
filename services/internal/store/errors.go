package store

import (
	"database/sql"
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/pulse-social/pulse/ent"
)

// ErrRaceLost makes [DB.Write] run its function again: it found that another transaction came first.
var ErrRaceLost = errors.New("another transaction came first")

// IsNotFound tells that a row which should be there is not.
func IsNotFound(err error) bool { return ent.IsNotFound(err) || errors.Is(err, sql.ErrNoRows) }

// IsUnavailable tells that the database cannot serve now, and the same call may succeed later.
func IsUnavailable(err error) bool {
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR:
			return true
		}
		return false
	}
	// Class 08: connection; 53: resources; 57P01-57P03: shutdown and start; 57014: statement timeout.
	return isPostgresCode(err, "08000", "08001", "08003", "08004", "08006", "53000", "53100", "53200", "53300", "57P01", "57P02", "57P03", "57014") ||
		isConnectionLost(err)
}

// IsUnstorable tells that a text holds what the database cannot keep: U+0000, which Postgres has no way to store and SQLite has.
func IsUnstorable(err error) bool {
	return isPostgresCode(err, "22021", "22P05") // In a text, in JSON.
}

// lostRace tells that a transaction failed because of another one, so that running it again may succeed.
func lostRace(err error) bool {
	if errors.Is(err, ErrRaceLost) {
		return true
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		switch lite.Code() {
		case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_SNAPSHOT:
			return true
		}
		return false
	}
	// 40001: serialization failure; 40P01: deadlock; 23505: unique violation; 55P03: lock not available.
	return isPostgresCode(err, "40001", "40P01", "23505", "55P03")
}

// ignoreDone drops the error of rolling back what has ended already.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}
