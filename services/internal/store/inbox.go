package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/pulse-social/pulse/ent/deadletter"
	"github.com/pulse-social/pulse/ent/inboxentry"
)

// Fresh answers those of the events whose effect the consumer has not had yet, and records in this transaction that it
// has it now. So an event that comes again changes nothing, however often and however late it comes.
func (tx *Tx) Fresh(ctx context.Context, consumer string, events []int64) (map[int64]bool, error) {
	fresh, err := tx.enter(ctx, consumer, events)
	if err != nil {
		return nil, fmt.Errorf("write the inbox of %s: %w", consumer, err)
	}
	_, err = tx.own.DeadLetter.Delete().Where(deadletter.Consumer(consumer), deadletter.EventIDIn(events...)).Exec(ctx)
	return fresh, err
}

// enter inserts the events that are not in the inbox, and answers which these were: one statement where a look and an
// insertion would be two, for every batch of every consumer.
func (tx *Tx) enter(ctx context.Context, consumer string, events []int64) (map[int64]bool, error) {
	var statement strings.Builder
	fmt.Fprintf(&statement, "INSERT INTO %s (%s, %s, %s, %s) VALUES ",
		inboxentry.Table, inboxentry.FieldID, inboxentry.FieldConsumer, inboxentry.FieldEventID, inboxentry.FieldAppliedAt)
	args := []any{consumer, tx.Now}
	for i, event := range events {
		if i > 0 {
			statement.WriteString(", ")
		}
		fmt.Fprintf(&statement, "($%d, $1, $%d, $2)", len(args)+1, len(args)+2)
		args = append(args, tx.NewID(), event)
	}
	fmt.Fprintf(&statement, " ON CONFLICT (%s, %s) DO NOTHING RETURNING %s", inboxentry.FieldEventID, inboxentry.FieldConsumer, inboxentry.FieldEventID)
	rows, err := tx.own.QueryContext(ctx, statement.String(), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	fresh := make(map[int64]bool, len(events))
	for rows.Next() {
		var event int64
		if err := rows.Scan(&event); err != nil {
			return nil, err
		}
		fresh[event] = true
	}
	return fresh, rows.Err()
}
