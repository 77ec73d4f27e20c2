package search

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pulse-social/pulse/services/internal/store"
)

// An engine is the full text of one database. What is a term and which are alike is decided before, in package terms, and
// what of that may be seen is asked after; so every engine finds the same.
type engine interface {
	// encode writes a document as its column terms holds it.
	encode(d document) string
	// expression writes a query: all of these phrases, and none of those. There is at least one of all.
	expression(all, none []phrase) string
	// index is the statement that answers the ids of documents of a table that match, the greatest first. Its parameters are
	// the expression, the id that all are smaller than, the smallest id, and how many to answer at most.
	index(table string) string
	// walk is such a statement that looks at the documents one by one, at most at as many as a fifth parameter says. It is
	// empty where the index answers in order.
	walk(table string) string
}

// engineOf answers the engine of a database.
func engineOf(s *store.Store) engine {
	if s.IsPostgres() {
		return tsearch{}
	}
	return fts5{}
}

// quoteAll writes terms between quotation marks, which are doubled in them.
func quoteAll(terms []string, mark string) []string {
	quoted := make([]string, len(terms))
	for i, term := range terms {
		quoted[i] = mark + strings.ReplaceAll(term, mark, mark+mark) + mark
	}
	return quoted
}

const (
	// newest is how many of the newest documents are looked at before the index is asked. Among them a common word has enough,
	// and one that is rare there has few in the index.
	newest = 2_000
	// furthest is how many are looked at when they promise enough: for words that are neither, of which the index would read and
	// sort tens of thousands; and furthestPhrase for phrases, for which it reads all documents that have their terms anywhere.
	furthest, furthestPhrase = 25_000, 50_000
	// step is how many are looked at at least when few are missing.
	step = 500
)

// A sought is what is looked for in a table of documents.
type sought struct {
	table, expression string
	// furthest is how many documents are looked at one by one at most.
	furthest int
}

// sought is what is looked for in a table: all of these phrases, and none of those.
func (h *handler) sought(table string, all, none []phrase) sought {
	s := sought{table: table, expression: engineOf(h.db.Store()).expression(all, none), furthest: furthest}
	if slices.ContainsFunc(all, func(p phrase) bool { return len(p.terms) > 1 }) {
		s.furthest = furthestPhrase
	}
	return s
}

// matches answers the ids of up to limit documents that match, the greatest first, from those that are smaller than before
// and at least from.
func (h *handler) matches(ctx context.Context, s sought, before, from int64, limit int) (found []int64, err error) {
	more := func(statement string, args ...any) error {
		if len(found) > 0 {
			before = found[len(found)-1]
		}
		ids, err := h.ids(ctx, statement, append([]any{s.expression, before, from, limit - len(found)}, args...)...)
		if err != nil {
			return fmt.Errorf("search %s: %w", s.table, err)
		}
		found = append(found, ids...)
		return nil
	}
	e := engineOf(h.db.Store())
	if walk := e.walk(s.table); walk != "" {
		walked := 0
		for further := newest; further > 0; further = s.promising(walked, len(found), limit) {
			if err := more(walk, further); err != nil || len(found) == limit {
				return found, err
			}
			walked += further
		}
	}
	err = more(e.index(s.table))
	return found, err
}

// promising answers how many documents are to be looked at next for the rest, and a quarter more, by how many of those that were
// matched; 0 when they would be too many.
func (s sought) promising(walked, found, limit int) int {
	if found == 0 {
		return 0
	}
	further := max(step, walked*(limit-found)/found*5/4)
	if walked+further > s.furthest {
		return 0
	}
	return further
}

// ids runs a query that answers ids.
func (h *handler) ids(ctx context.Context, statement string, args ...any) ([]int64, error) {
	rows, err := h.db.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
