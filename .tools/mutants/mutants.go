package main

// A mutant is Pulse with one safeguard taken out, and the test that must notice.
type mutant struct {
	name string
	// file holds the text, once, that is replaced; relative to the repository.
	file, text, replacement string
	// pkg has the test.
	pkg, test string
}

var mutants = []mutant{
	{
		name: "no inbox check", file: "services/internal/bus/handle.go",
		text: "isFresh, err := tx.Fresh(ctx, c.Name, ids)",
		replacement: `isFresh, err := map[int64]bool{}, error(nil)
		for _, e := range events {
			isFresh[e.ID] = true
		}`,
		pkg: "./services/internal/bus", test: "TestEventsDeliveredAgainLateAndShuffledHaveTheirEffectOnce",
	},
	{
		name: "acknowledgement before commit", file: "services/internal/bus/handle.go",
		text: "	return db.Write(ctx, func(tx *store.Tx) error {",
		replacement: `	for _, e := range events {
		_ = e.raw.Ack()
	}
	return db.Write(ctx, func(tx *store.Tx) error {`,
		pkg: "./services/internal/bus", test: "TestAnEventThatAlwaysFailsBecomesADeadLetterAndIsReplayed",
	},
	{
		name: "events outside the transaction", file: "services/internal/store/write.go",
		text: "		return errors.Join(err, ignoreDone(sqlTx.Rollback()))",
		replacement: `		_ = sqlTx.Rollback()
		if outside, begun := s.writer.BeginTx(ctx, nil); begun == nil {
			_ = (&Tx{driver: txDriver{Conn: entsql.Conn{ExecQuerier: outside}, engine: s.engine}, store: s, events: tx.events}).finish(ctx)
			_ = outside.Commit()
		}
		return errors.Join(err, ignoreDone(nil))`,
		pkg: "./services/internal/bus", test: "TestWhatIsEmittedInATransactionThatFailsIsNotPublished",
	},
	{
		name: "sessions live while Redis is down", file: "services/internal/auth/liveness.go",
		text: "	alive, dbErr := l.inDatabase(ctx, which)",
		replacement: `	if !rueidis.IsRedisNil(err) {
		return nil
	}
	alive, dbErr := l.inDatabase(ctx, which)`,
		pkg: "./services/internal/auth", test: "TestSessionsAreCheckedInTheDatabaseWhenRedisIsDown",
	},
	{
		name: "no deduplication at read", file: "services/timeline/list.go",
		text: "	list.IDs = slices.Compact(list.IDs)\n", replacement: "",
		pkg: "./services/timeline", test: "TestAListPutsRightWhatComesTwiceAndLate",
	},
}
