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
	fresh, buried, err := tx.enter(ctx, consumer, events)
	if err != nil {
		return nil, fmt.Errorf("write the inbox of %s: %w", consumer, err)
	}
	if len(buried) > 0 {
		_, err = tx.own.DeadLetter.Delete().Where(deadletter.Consumer(consumer), deadletter.EventIDIn(buried...)).Exec(ctx)
	}
	return fresh, err
}

// enter inserts the events that are not in the inbox, and answers which these were, and which of them lie among the dead
// letters: one statement where a look, an insertion and a deletion would be three, for every batch of every consumer.
func (tx *Tx) enter(ctx context.Context, consumer string, events []int64) (fresh map[int64]bool, buried []int64, err error) {
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
	fmt.Fprintf(&statement, " ON CONFLICT (%s, %s) DO NOTHING RETURNING %[1]s, EXISTS (SELECT 1 FROM %[3]s WHERE %[3]s.%[4]s = %[5]s.%[1]s AND %[3]s.%[6]s = $1)",
		inboxentry.FieldEventID, inboxentry.FieldConsumer, deadletter.Table, deadletter.FieldEventID, inboxentry.Table, deadletter.FieldConsumer)
	rows, err := tx.own.QueryContext(ctx, statement.String(), args...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	fresh = make(map[int64]bool, len(events))
	for rows.Next() {
		var event int64
		var isBuried bool
		if err := rows.Scan(&event, &isBuried); err != nil {
			return nil, nil, err
		}
		fresh[event] = true
		if isBuried {
			buried = append(buried, event)
		}
	}
	return fresh, buried, rows.Err()
}
