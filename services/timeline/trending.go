package timeline

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// trendsFor is how long a ranking is answered before it is made anew.
	trendsFor = 10 * time.Second
	// trendsKept bounds of how many languages rankings are kept.
	trendsKept = 100
	// trendCandidates bounds how many of the most used tags are compared with what is usual.
	trendCandidates = 500
	// leastPeople is by how many people a tag must be used to trend.
	leastPeople = 2

	defaultTrends, mostTrends = 10, 50
)

// ListTrendingTags answers the hashtags that more people use than usual.
func (h *handler) ListTrendingTags(ctx context.Context, req *timelinev1.ListTrendingTagsRequest) (*timelinev1.ListTrendingTagsResponse, error) {
	tags, err := h.trends.of(ctx, languageKey(req.GetLanguage()))
	if err != nil {
		return nil, err
	}
	limit := min(cmp.Or(int(req.GetLimit()), defaultTrends), mostTrends, len(tags))
	return &timelinev1.ListTrendingTagsResponse{Tags: tags[:limit]}, nil
}

// languageKey is a language tag as it is compared.
func languageKey(tag string) string { return strings.ToLower(tag) }

// trends keeps rankings of hashtags for a moment, by language.
type trends struct {
	db  *store.DB
	now clock.Clock

	mu   sync.Mutex
	kept map[string]*ranking
}

// ranking is a ranking of hashtags, or one that is being made.
type ranking struct {
	mu   sync.Mutex
	at   time.Time
	tags []*timelinev1.TrendingTag
}

func newTrends(db *store.DB, now clock.Clock) *trends {
	return &trends{db: db, now: now, kept: map[string]*ranking{}}
}

// of answers the ranking of a language, all for none. Those who ask while it is made wait for it.
func (t *trends) of(ctx context.Context, language string) ([]*timelinev1.TrendingTag, error) {
	t.mu.Lock()
	if len(t.kept) >= trendsKept && t.kept[language] == nil {
		clear(t.kept)
	}
	kept := t.kept[language]
	if kept == nil {
		kept = &ranking{}
		t.kept[language] = kept
	}
	t.mu.Unlock()

	kept.mu.Lock()
	defer kept.mu.Unlock()
	now := t.now()
	if age := now.Sub(kept.at); age >= 0 && age < trendsFor {
		return kept.tags, nil
	}
	tags, err := t.rank(ctx, hourOf(now), language)
	if err == nil {
		kept.at, kept.tags = now, tags
	}
	return tags, err
}

// rank makes the ranking of an hour.
func (t *trends) rank(ctx context.Context, hour int64, language string) ([]*timelinev1.TrendingTag, error) {
	used, err := t.used(ctx, hour, language)
	if err != nil || len(used) == 0 {
		return nil, err
	}
	keys := make([]string, 0, len(used))
	for key := range used {
		keys = append(keys, key)
	}
	usual, err := t.usual(ctx, hour, language, keys)
	if err != nil {
		return nil, err
	}
	ranked := make([]trend, 0, len(used))
	for key, people := range used {
		if one := newTrend(key, people, usual[key]); one.score > 0 {
			ranked = append(ranked, one)
		}
	}
	slices.SortFunc(ranked, func(a, b trend) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.people, a.people), cmp.Compare(a.key, b.key))
	})
	ranked = ranked[:min(len(ranked), mostTrends)]
	return t.written(ctx, hour, ranked)
}

// trend is a hashtag that may trend.
type trend struct {
	key          string
	people       int64
	usual, score float64
}

// newTrend scores a tag; 0 does not trend. See the comment of ListTrendingTags in the schema for the formula.
func newTrend(key string, people, inUsualDays int64) trend {
	one := trend{key: key, people: people, usual: float64(inUsualDays) / usualDays}
	expected := max(1, one.usual)
	if above := float64(people) - expected; people >= leastPeople && above > 0 {
		one.score = above * above / expected
	}
	return one
}

// used answers by how many people the most used tags were used in the hours that count as now.
func (t *trends) used(ctx context.Context, hour int64, language string) (map[string]int64, error) {
	q := newQuery(`SELECT tag_key, COUNT(DISTINCT author_id) FROM tag_uses WHERE hour > ? AND hour <= ?`, hour-trendHours, hour)
	q.language(language)
	q.add(` GROUP BY tag_key HAVING COUNT(DISTINCT author_id) >= ? ORDER BY 2 DESC, tag_key LIMIT ?`, leastPeople, trendCandidates)
	return q.counts(ctx, t.db)
}

// usual answers how many people used tags in the days before these, those of each day added up.
func (t *trends) usual(ctx context.Context, hour int64, language string, keys []string) (map[string]int64, error) {
	before := hour - trendHours*(usualDays+1) // The last hour before the first of the days.
	q := newQuery(`SELECT tag_key, COUNT(*) FROM (SELECT DISTINCT tag_key, author_id, (hour - ? - 1) / 24 AS day
		FROM tag_uses WHERE hour > ? AND hour <= ?`, before, before, hour-trendHours)
	q.in(` AND tag_key`, keys)
	q.language(language)
	q.add(`) AS days GROUP BY tag_key`)
	return q.counts(ctx, t.db)
}

// written answers trends with their tags as they were written last.
func (t *trends) written(ctx context.Context, hour int64, ranked []trend) ([]*timelinev1.TrendingTag, error) {
	if len(ranked) == 0 {
		return nil, nil
	}
	keys := make([]string, len(ranked))
	for i, one := range ranked {
		keys[i] = one.key
	}
	q := newQuery(`SELECT u.tag_key, u.tag FROM tag_uses u JOIN (SELECT tag_key, MAX(post_id) AS post_id FROM tag_uses WHERE hour > ? AND hour <= ?`,
		hour-trendHours, hour)
	q.in(` AND tag_key`, keys)
	q.add(` GROUP BY tag_key) AS last ON last.tag_key = u.tag_key AND last.post_id = u.post_id`)
	written := map[string]string{}
	err := q.each(ctx, t.db, func(rows *sql.Rows) error {
		var key, tag string
		err := rows.Scan(&key, &tag)
		written[key] = tag
		return err
	})
	tags := make([]*timelinev1.TrendingTag, len(ranked))
	for i, one := range ranked {
		tags[i] = &timelinev1.TrendingTag{Tag: cmp.Or(written[one.key], one.key), People: one.people, UsualPeople: one.usual, Score: one.score}
	}
	return tags, err
}

// query is a query of uses that is being written, and its arguments.
type query struct {
	text strings.Builder
	args []any
}

func newQuery(text string, args ...any) *query {
	q := &query{}
	q.add(text, args...)
	return q
}

// add appends text in which each ? stands for an argument.
func (q *query) add(text string, args ...any) {
	for _, arg := range args {
		before, after, _ := strings.Cut(text, "?")
		q.args = append(q.args, arg)
		fmt.Fprintf(&q.text, "%s$%d", before, len(q.args))
		text = after
	}
	q.text.WriteString(text)
}

// in appends that a column is one of some values, of which there is at least one.
func (q *query) in(column string, values []string) {
	args := make([]any, len(values))
	for i, value := range values {
		args[i] = value
	}
	q.add(column+` IN (?`+strings.Repeat(`, ?`, len(values)-1)+`)`, args...)
}

// language appends that the posts are in a language, or in a variety of it; any, when it is empty.
func (q *query) language(tag string) {
	if tag != "" {
		q.add(` AND (language = ? OR language LIKE ?)`, tag, tag+"-%")
	}
}

// counts runs a query for the counts of tags.
func (q *query) counts(ctx context.Context, db *store.DB) (map[string]int64, error) {
	counts := map[string]int64{}
	return counts, q.each(ctx, db, func(rows *sql.Rows) error {
		var key string
		var count int64
		err := rows.Scan(&key, &count)
		counts[key] = count
		return err
	})
}

// each runs a query and has each of its rows scanned.
func (q *query) each(ctx context.Context, db *store.DB, scan func(*sql.Rows) error) error {
	rows, err := db.QueryContext(ctx, q.text.String(), q.args...)
	if err != nil {
		return fmt.Errorf("read uses of tags: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("read uses of tags: %w", err)
		}
	}
	return rows.Err()
}
