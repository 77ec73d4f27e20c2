package invariant

import "context"

// conversations checks I4: in every conversation the messages are numbered from 1 on without a gap, in the order of their ids,
// and the conversation and its members know of no number that is not there.
func (c Checker) conversations(ctx context.Context, r *Result) error {
	var err error
	if r.Checked, err = c.DB.Message.Query().Count(ctx); err != nil {
		return err
	}
	// Numbers are unique in a conversation, so as many as the largest, from 1 on, have no gap.
	err = c.each(ctx, func(row []int64) {
		r.broken("conversation %d: %d messages from number %d to %d, the last %d, and it says that number %d, %d, is the last",
			row[0], row[1], row[2], row[3], row[4], row[5], row[6])
	}, 7, `SELECT * FROM (
			SELECT c.id, COUNT(m.id) AS n, COALESCE(MIN(m.sequence), 1) AS oldest, COALESCE(MAX(m.sequence), 0) AS newest,
				COALESCE(MAX(m.id), 0) AS last, c.last_sequence, c.last_message_id
			FROM conversations c LEFT JOIN messages m ON m.conversation_id = c.id GROUP BY c.id, c.last_sequence, c.last_message_id
		) AS numbered WHERE n <> newest OR oldest <> 1 OR newest <> last_sequence OR last <> last_message_id`)
	if err != nil {
		return err
	}
	err = c.each(ctx, func(row []int64) {
		r.broken("conversation %d: message %d has number %d, and %d, whose id is not larger, has the next", row[0], row[1], row[2], row[3])
	}, 4, `SELECT a.conversation_id, a.id, a.sequence, b.id FROM messages a
			JOIN messages b ON b.conversation_id = a.conversation_id AND b.sequence = a.sequence + 1 WHERE b.id <= a.id`)
	if err != nil {
		return err
	}
	err = c.each(ctx, func(row []int64) { r.broken("message %d is in conversation %d, which is not there", row[0], row[1]) }, 2,
		`SELECT m.id, m.conversation_id FROM messages m LEFT JOIN conversations c ON c.id = m.conversation_id WHERE c.id IS NULL`)
	if err != nil {
		return err
	}
	return c.each(ctx, func(row []int64) {
		r.broken("conversation %d: member %d sees from number %d on and has read up to %d, of %d", row[0], row[1], row[2], row[3], row[4])
	}, 5, `SELECT c.id, m.user_id, m.first_sequence, m.read_sequence, c.last_sequence FROM conversation_members m
			JOIN conversations c ON c.id = m.conversation_id
			WHERE m.first_sequence < 1 OR m.first_sequence > c.last_sequence + 1
				OR m.read_sequence < m.first_sequence - 1 OR m.read_sequence > c.last_sequence`)
}
