package store

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

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
		_, err = tx.own().DeadLetter.Delete().Where(deadletter.Consumer(consumer), deadletter.EventIDIn(buried...)).Exec(ctx)
	}
	return fresh, err
}

// enter inserts the events that are not in the inbox, and answers which these were, and which of them lie among the dead
// letters: one statement where a look, an insertion and a deletion would be three, for every batch of every consumer.
func (tx *Tx) enter(ctx context.Context, consumer string, events []int64) (fresh map[int64]bool, buried []int64, err error) {
	entries := make([][2]int64, len(events))
	for i, event := range events {
		entries[i] = [2]int64{tx.NewID(), event}
	}
	arg := func(value any) entsql.Querier { return entsql.ExprFunc(func(b *entsql.Builder) { b.Arg(value) }) }
	name, rows := tx.Store().Dialect(), entsql.Table("entries")
	chosen, args := entsql.Dialect(name).Select(rows.C(inboxentry.FieldID)).
		Prefix(WithPairs(name, "entries", inboxentry.FieldID, inboxentry.FieldEventID, entries)).
		AppendSelectExpr(arg(consumer)).AppendSelect(rows.C(inboxentry.FieldEventID)).AppendSelectExpr(arg(tx.Now)).
		From(rows).Where(entsql.ExprP("TRUE")).Query() // Without a condition SQLite takes ON for that of a join.
	statement := fmt.Sprintf("INSERT INTO %[1]s (%[2]s, %[3]s, %[4]s, %[5]s) %[6]s ON CONFLICT (%[4]s, %[3]s) DO NOTHING RETURNING %[4]s, EXISTS (SELECT 1 FROM %[7]s WHERE %[7]s.%[8]s = %[1]s.%[4]s AND %[7]s.%[9]s = %[1]s.%[3]s)",
		inboxentry.Table, inboxentry.FieldID, inboxentry.FieldConsumer, inboxentry.FieldEventID, inboxentry.FieldAppliedAt,
		chosen, deadletter.Table, deadletter.FieldEventID, deadletter.FieldConsumer)
	inserted, err := tx.driver.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, nil, err
	}
	defer inserted.Close()
	fresh = make(map[int64]bool, len(events))
	for inserted.Next() {
		var event int64
		var isBuried bool
		if err := inserted.Scan(&event, &isBuried); err != nil {
			return nil, nil, err
		}
		fresh[event] = true
		if isBuried {
			buried = append(buried, event)
		}
	}
	return fresh, buried, inserted.Err()
}
