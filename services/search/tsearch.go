package search

import (
	"strconv"
	"strings"

	"github.com/pulse-social/pulse/services/internal/terms"
)

// tsearch is the full text of Postgres (https://www.postgresql.org/docs/current/textsearch.html): a tsvector with a GIN
// index.
type tsearch struct{}

// encode implements [engine].
func (tsearch) encode(d document) string {
	var vector strings.Builder
	for i, term := range quoteAll(d.text[:min(len(d.text), terms.MaxTokens)], "'") {
		vector.WriteString(escape(term) + ":" + strconv.Itoa(i+1) + " ")
	}
	for _, term := range quoteAll(d.labels, "'") {
		vector.WriteString(escape(term) + " ")
	}
	return vector.String()
}

// expression implements [engine].
func (e tsearch) expression(all, none []phrase) string {
	var parts []string
	for _, p := range all {
		parts = append(parts, e.phrase(p))
	}
	for _, p := range none {
		parts = append(parts, "!("+e.phrase(p)+")")
	}
	return strings.Join(parts, " & ")
}

func (tsearch) phrase(p phrase) string {
	sequence := quoteAll(p.terms, "'")
	for i := range sequence {
		sequence[i] = escape(sequence[i])
	}
	if p.prefix {
		sequence[len(sequence)-1] += ":*"
	}
	return "(" + strings.Join(sequence, " <-> ") + ")"
}

// escape doubles backslashes, which escape in the input of tsvector and tsquery.
func escape(quoted string) string { return strings.ReplaceAll(quoted, `\`, `\\`) }

// index implements [engine]. A GIN index cannot answer in order: a common word has all its documents read and sorted. (id + 0
// keeps the planner from the index of ids: it would walk through all documents in order where it takes a word for common, and
// through those of the span in a plan for all spans, of which it takes each for a two-hundredth of the table.)
func (tsearch) index(table string) string {
	return `SELECT id FROM ` + table + ` WHERE terms @@ $1::tsquery AND id + 0 < $2 AND id + 0 >= $3 ORDER BY id + 0 DESC LIMIT $4`
}

// walk implements [engine].
func (tsearch) walk(table string) string {
	return `SELECT id FROM (SELECT id, terms FROM ` + table + ` WHERE id < $2 AND id >= $3 ORDER BY id DESC LIMIT $5) newest
		WHERE terms @@ $1::tsquery ORDER BY id DESC LIMIT $4`
}
