package notification

import (
	"context"
	"fmt"
	"strings"

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
	var values strings.Builder
	for i, person := range id.Unique(people) {
		if i > 0 {
			values.WriteString(", ")
		}
		fmt.Fprintf(&values, "(%d, 0)", person)
	}
	// To change a row to what it is locks it, on either database.
	rows, err := tx.QueryContext(ctx, fmt.Sprintf("INSERT INTO %[1]s (%[2]s, %[3]s) VALUES %[4]s ON CONFLICT (%[2]s) DO UPDATE SET %[3]s = %[1]s.%[3]s RETURNING %[2]s, %[3]s",
		notificationhead.Table, notificationhead.FieldID, notificationhead.FieldSequence, values.String()))
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
