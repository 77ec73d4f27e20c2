package notification

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent/notificationhead"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

// lockHeads makes sure that each person has a head, holds all of them until the transaction ends, and answers their
// sequences. One order for all who do keeps them from waiting for each other in a circle: people are sorted.
func lockHeads(ctx context.Context, tx *store.Tx, people []int64) (map[int64]int64, error) {
	heads := make(map[int64]int64, len(people))
	if len(people) == 0 {
		return heads, nil
	}
	// To change a row to what it is locks it, on either database. Without a condition SQLite takes ON for that of a join.
	insert := tx.Statement(func(b *entsql.Builder) {
		b.Join(store.WithColumns(b.Dialect(), "people", []string{"id"}, id.Unique(people)))
		b.WriteString(fmt.Sprintf(" INSERT INTO %[1]s (%[2]s, %[3]s) SELECT people.id, 0 FROM people WHERE TRUE ON CONFLICT (%[2]s) DO UPDATE SET %[3]s = %[1]s.%[3]s RETURNING %[2]s, %[3]s",
			notificationhead.Table, notificationhead.FieldID, notificationhead.FieldSequence))
	})
	rows, err := tx.QueryContext(ctx, insert.Query, insert.Args...)
	if err != nil {
		return nil, fmt.Errorf("lock the heads of notifications: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var person, sequence int64
		if err := rows.Scan(&person, &sequence); err != nil {
			return nil, fmt.Errorf("lock the heads of notifications: %w", err)
		}
		heads[person] = sequence
	}
	return heads, rows.Err()
}
