package invariant

import "context"

// notifications checks of I3 what notifications are made of. Causes go with old notifications and deleted accounts, so their
// numbers may have gaps then; that none is there twice is the database's own rule.
func (c Checker) notifications(ctx context.Context, r *Result) error {
	err := c.each(ctx, func(row []int64) {
		r.Checked++
		if row[1] != row[2] {
			r.broken("notification %d: %d causes stored, %d hold", row[0], row[1], row[2])
		}
		if row[3] > row[4] {
			r.broken("notification %d has number %d, the newest of its recipient is %d", row[0], row[3], row[4])
		}
	}, 5, `SELECT n.id, n.cause_count, COALESCE(c.n, 0), n.sequence, COALESCE(h.sequence, 0) FROM notifications n
		LEFT JOIN notification_heads h ON h.id = n.recipient_id
		LEFT JOIN (SELECT notification_id, COUNT(*) AS n FROM notification_causes WHERE holds GROUP BY notification_id) c ON c.notification_id = n.id`)
	if err != nil {
		return err
	}
	return c.each(ctx, func(row []int64) {
		if row[3] == 0 || row[1] > row[2] {
			r.broken("cause %d is of a notification of somebody else or none, or has number %d beyond %d", row[0], row[1], row[2])
		}
	}, 4, `SELECT c.id, c.sequence, COALESCE(n.sequence, 0), CASE WHEN n.recipient_id = c.recipient_id AND n.kind = c.kind THEN 1 ELSE 0 END
		FROM notification_causes c LEFT JOIN notifications n ON n.id = c.notification_id WHERE n.id IS NULL OR n.recipient_id <> c.recipient_id
		OR n.kind <> c.kind OR c.sequence > n.sequence`)
}
