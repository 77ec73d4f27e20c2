package search

import "strings"

// fts5 is SQLite's full text (https://www.sqlite.org/fts5.html): a virtual table beside each table of documents, kept by
// triggers. It reads its lists of rowids backwards, so the newest matches of a common word cost as little as those of a
// rare one.
type fts5 struct{}

// encode implements [engine].
func (fts5) encode(d document) string { return strings.Join(append(d.text, d.labels...), " ") }

// expression implements [engine].
func (e fts5) expression(all, none []phrase) string {
	expression := e.join(all, " AND ")
	if len(none) > 0 {
		expression = "(" + expression + ") NOT (" + e.join(none, " OR ") + ")"
	}
	return expression
}

func (fts5) join(phrases []phrase, operator string) string {
	parts := make([]string, len(phrases))
	for i, p := range phrases {
		parts[i] = `"` + strings.ReplaceAll(strings.Join(p.terms, " "), `"`, `""`) + `"`
		if p.prefix {
			parts[i] += " *"
		}
	}
	return strings.Join(parts, operator)
}

// index implements [engine].
func (fts5) index(table string) string {
	fts := table + "_fts"
	return `SELECT rowid FROM ` + fts + ` WHERE ` + fts + ` MATCH $1 AND rowid < $2 AND rowid >= $3 ORDER BY rowid DESC LIMIT $4`
}

// walk implements [engine].
func (fts5) walk(string) string { return "" }
