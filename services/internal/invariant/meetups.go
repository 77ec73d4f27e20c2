package invariant

import "context"

// meetups checks I5: no meetup has more seats taken than there are, but for those that were taken before their number was lowered;
// its counts are those of its answers; nobody waits while there is a seat; and the numbers of its answers, by which people wait, are
// each there once.
func (c Checker) meetups(ctx context.Context, r *Result) error {
	var err error
	if r.Checked, err = c.DB.Event.Query().Count(ctx); err != nil {
		return err
	}
	err = c.each(ctx, func(row []int64) {
		r.broken("meetup %d: counts %d yes, %d maybe and %d waiting, of answers there are %d, %d and %d", row[0], row[1], row[2], row[3], row[4], row[5], row[6])
	}, 7, `SELECT * FROM (
			SELECT e.id, e.yes_count, e.maybe_count, e.waiting_count, COUNT(CASE WHEN a.answer = 1 THEN 1 END) AS yes,
				COUNT(CASE WHEN a.answer = 2 THEN 1 END) AS maybe, COUNT(CASE WHEN a.answer = 4 THEN 1 END) AS waiting
			FROM events e LEFT JOIN event_answers a ON a.event_id = e.id GROUP BY e.id, e.yes_count, e.maybe_count, e.waiting_count
		) AS counted WHERE yes <> yes_count OR maybe <> maybe_count OR waiting <> waiting_count`)
	if err != nil {
		return err
	}
	err = c.each(ctx, func(row []int64) {
		r.broken("meetup %d: %d of %d seats are taken, %d since before their number was lowered, and %d wait", row[0], row[1], row[2], row[3], row[4])
	}, 5, `SELECT id, yes_count, capacity, kept_seats, waiting_count FROM events
		WHERE capacity > 0 AND yes_count > capacity AND yes_count > kept_seats OR waiting_count > 0 AND (capacity = 0 OR yes_count < capacity)`)
	if err != nil {
		return err
	}
	err = c.each(ctx, func(row []int64) { r.broken("meetup %d: %d answers have number %d", row[0], row[2], row[1]) }, 3,
		`SELECT event_id, place, COUNT(*) FROM event_answers GROUP BY event_id, place HAVING COUNT(*) > 1`)
	if err != nil {
		return err
	}
	return c.each(ctx, func(row []int64) {
		r.broken("answer %d to meetup %d has number %d, of %d", row[0], row[1], row[2], row[3])
	}, 4,
		`SELECT a.id, a.event_id, a.place, COALESCE(e.last_place, -1) FROM event_answers a LEFT JOIN events e ON e.id = a.event_id
			WHERE e.id IS NULL OR a.place > e.last_place`)
}
