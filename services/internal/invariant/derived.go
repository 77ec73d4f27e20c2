package invariant

import (
	"context"
	"slices"
	"strings"

	"github.com/pulse-social/pulse/ent/account"
	"github.com/pulse-social/pulse/ent/post"
)

// userTimelines checks I1: a post belongs to an account, and is found where timelines look for it.
func (c Checker) userTimelines(ctx context.Context, r *Result) error {
	var err error
	if r.Checked, err = c.DB.Post.Query().Where(post.Deleted(false)).Count(ctx); err != nil {
		return err
	}
	err = c.each(ctx, func(row []int64) { r.broken("post %d has no author: there is no account %d", row[0], row[1]) }, 2,
		`SELECT p.id, p.author_id FROM posts p LEFT JOIN accounts a ON a.id = p.author_id WHERE a.id IS NULL`)
	if err != nil {
		return err
	}
	var inTimelines int
	err = c.each(ctx, func(row []int64) { inTimelines += int(row[0]) }, 1,
		`SELECT COUNT(DISTINCT id) FROM posts WHERE author_id IN (SELECT id FROM accounts) AND NOT deleted GROUP BY author_id`)
	if err == nil && inTimelines != r.Checked {
		r.broken("%d posts are in timelines of their authors, and %d are there", inTimelines, r.Checked)
	}
	return err
}

// homeTimelines checks I2: what is served, caches included, against what posts, follows, audiences and blocks say.
func (c Checker) homeTimelines(ctx context.Context, r *Result) error {
	people, err := c.DB.Account.Query().Order(account.ByID()).IDs(ctx)
	if err != nil {
		return err
	}
	r.Checked = len(people)
	for _, userID := range people {
		served, err := c.Home(ctx, userID)
		if err != nil {
			return err
		}
		var expected []int64
		err = c.each(ctx, func(row []int64) { expected = append(expected, row[0]) }, 1,
			`SELECT p.id FROM posts p WHERE (p.author_id = $1 OR p.author_id IN (SELECT followee_id FROM follows WHERE follower_id = $1))
				AND `+entitled("p")+` AND (p.repost_of_id = 0 OR EXISTS (SELECT 1 FROM posts o WHERE o.id = p.repost_of_id AND `+entitled("o")+`))
				ORDER BY p.id DESC`, userID)
		if err != nil {
			return err
		}
		if at, same := firstDifference(served, expected); !same {
			r.broken("home timeline of %d: %d posts served, %d expected, first difference at position %d", userID, len(served), len(expected), at)
		}
	}
	return nil
}

// entitled is the condition that the person $1 may see a post. It is written anew here, for to ask package visibility would
// be to check it against itself.
func entitled(post string) string {
	return strings.ReplaceAll(`NOT post.deleted AND (post.author_id = $1 OR (
		EXISTS (SELECT 1 FROM accounts a WHERE a.id = post.author_id AND a.state = 0)
		AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.blocker_id IN ($1, post.author_id) AND b.blocked_id IN ($1, post.author_id))
		AND (EXISTS (SELECT 1 FROM post_mentions m WHERE m.post_id = post.id AND m.user_id = $1)
			OR post.audience <> 4 AND post.author_id IN (SELECT followee_id FROM follows WHERE follower_id = $1)
			OR post.audience IN (1, 2) AND NOT EXISTS (SELECT 1 FROM profiles f WHERE f.id = post.author_id AND f.private))))`,
		"post.", post+".")
}

func firstDifference(a, b []int64) (at int, same bool) {
	if slices.Equal(a, b) {
		return 0, true
	}
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	return at, false
}

// counts checks I3.
func (c Checker) counts(ctx context.Context, r *Result) error {
	checks := []struct{ what, query string }{
		{"likes of post", sameCount("posts", "post_counts", "likes", `SELECT post_id AS id, COUNT(*) AS n FROM likes GROUP BY post_id`)},
		{"replies to post", sameCount("posts", "post_counts", "replies", `SELECT reply_to_id AS id, COUNT(*) AS n FROM posts WHERE reply_to_id <> 0 AND NOT deleted GROUP BY reply_to_id`)},
		{"reposts of post", sameCount("posts", "post_counts", "reposts", `SELECT repost_of_id AS id, COUNT(*) AS n FROM posts WHERE repost_of_id <> 0 AND NOT deleted GROUP BY repost_of_id`)},
		{"quotes of post", sameCount("posts", "post_counts", "quotes", `SELECT quote_of_id AS id, COUNT(*) AS n FROM posts WHERE quote_of_id <> 0 AND NOT deleted GROUP BY quote_of_id`)},
		{"voters of poll", sameCount("polls", "polls", "voters", `SELECT post_id AS id, COUNT(*) AS n FROM poll_votes GROUP BY post_id`)},
		{"votes for option", `SELECT o.id, o.votes, COUNT(v.id) FROM poll_options o LEFT JOIN poll_votes v
			ON v.post_id = o.post_id AND (v.choices >> CAST(o.position AS integer)) & 1 = 1 GROUP BY o.id, o.votes`},
		{"posts of user", sameCount("accounts", "user_counts", "posts", `SELECT author_id AS id, COUNT(*) AS n FROM posts WHERE NOT deleted GROUP BY author_id`)},
		{"followers of user", sameCount("accounts", "user_counts", "followers", `SELECT followee_id AS id, COUNT(*) AS n FROM follows GROUP BY followee_id`)},
		{"people followed by user", sameCount("accounts", "user_counts", "following", `SELECT follower_id AS id, COUNT(*) AS n FROM follows GROUP BY follower_id`)},
	}
	for _, check := range checks {
		err := c.each(ctx, func(row []int64) {
			r.Checked++
			if row[1] != row[2] {
				r.broken("%s %d: %d stored, %d there", check.what, row[0], row[1], row[2])
			}
		}, 3, check.query)
		if err != nil {
			return err
		}
	}
	return nil
}

// sameCount answers the query for id, stored count and rows of every subject.
func sameCount(subjects, counts, column, rows string) string {
	return `SELECT s.id, COALESCE(c.` + column + `, 0), COALESCE(r.n, 0) FROM ` + subjects + ` s
		LEFT JOIN ` + counts + ` c ON c.id = s.id LEFT JOIN (` + rows + `) r ON r.id = s.id`
}
