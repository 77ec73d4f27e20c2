package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
)

// Lock makes transactions that lock the same thing come one after the other: of those that look whether something is so
// and write what depends on it, each then sees what the others wrote. It lasts until the transaction ends. On SQLite all
// transactions do anyway. Whoever locks several things does so in one order, or may have to run again.
func (tx *Tx) Lock(ctx context.Context, what string, ids ...int64) error {
	if tx.store.engine != enginePostgres {
		return nil
	}
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(what)) // It never fails.
	for _, id := range ids {
		_, _ = sum.Write(binary.BigEndian.AppendUint64(nil, uint64(id)))
	}
	if _, err := tx.driver.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(sum.Sum64())); err != nil {
		return fmt.Errorf("lock %s: %w", what, err)
	}
	return nil
}
