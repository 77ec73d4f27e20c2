package invariant

import "context"

// searchIndex checks I3 for search: every document is of what is there, and as it is now.
func (c Checker) searchIndex(ctx context.Context, r *Result) error {
	compared := []struct{ what, query string }{
		{"post", `SELECT p.id, p.version, COALESCE(s.version, 0) FROM posts p LEFT JOIN search_posts s ON s.id = p.id
			WHERE NOT p.deleted AND p.repost_of_id = 0`},
		{"profile of person", `SELECT a.id, COALESCE(p.version, 0), COALESCE(s.version, -1) FROM accounts a LEFT JOIN profiles p ON p.id = a.id
			LEFT JOIN search_people s ON s.id = a.id AND s.handle = a.handle WHERE a.state <> 3`},
		{"meetup", `SELECT e.id, e.version, COALESCE(s.version, 0) FROM events e LEFT JOIN search_events s ON s.id = e.id`},
	}
	for _, check := range compared {
		err := c.each(ctx, func(row []int64) {
			r.Checked++
			if row[1] != row[2] {
				r.broken("%s %d: version %d is there, search has %d", check.what, row[0], row[1], row[2])
			}
		}, 3, check.query)
		if err != nil {
			return err
		}
	}
	left := []struct{ what, query string }{
		{"post", `SELECT s.id FROM search_posts s LEFT JOIN posts p ON p.id = s.id WHERE p.id IS NULL OR p.deleted OR p.repost_of_id <> 0`},
		{"person", `SELECT s.id FROM search_people s LEFT JOIN accounts a ON a.id = s.id WHERE a.id IS NULL OR a.state = 3`},
		{"meetup", `SELECT s.id FROM search_events s LEFT JOIN events e ON e.id = s.id WHERE e.id IS NULL`},
		{"name of person", `SELECT s.user_id FROM search_names s LEFT JOIN accounts a ON a.id = s.user_id WHERE a.id IS NULL OR a.state = 3`},
	}
	for _, check := range left {
		err := c.each(ctx, func(row []int64) { r.broken("search has a %s, %d, that is not there", check.what, row[0]) }, 1, check.query)
		if err != nil {
			return err
		}
	}
	return c.fullText(ctx, r)
}

// fullText checks that SQLite's full-text tables have what the documents have. On Postgres they are one.
func (c Checker) fullText(ctx context.Context, r *Result) error {
	if c.DB.Store().IsPostgres() {
		return nil
	}
	for _, table := range []string{"search_posts", "search_people", "search_events"} {
		indexed := table + "_fts_docsize"
		err := c.each(ctx, func(row []int64) {
			r.broken("document %d of %s is in one of the table and its full text only", row[0], table)
		}, 1,
			`SELECT id FROM `+table+` WHERE id NOT IN (SELECT id FROM `+indexed+`) UNION ALL SELECT id FROM `+indexed+` WHERE id NOT IN (SELECT id FROM `+table+`)`)
		if err != nil {
			return err
		}
	}
	return nil
}
