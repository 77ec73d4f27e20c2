package search

import (
	"context"
	"fmt"
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
	// statements answer the ids of documents of a table that match, the greatest first: each goes on below the last id of
	// the one before. Their parameters are the expression, the id that all are smaller than, the smallest id, and how many
	// to answer at most.
	statements(table string) []string
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

// matches answers the ids of up to limit documents of a table that match, the greatest first, from those that are
// smaller than before and at least from.
func (h *handler) matches(ctx context.Context, table, expression string, before, from int64, limit int) ([]int64, error) {
	var found []int64
	for _, statement := range engineOf(h.db.Store()).statements(table) {
		if len(found) > 0 {
			before = found[len(found)-1]
		}
		more, err := h.ids(ctx, statement, expression, before, from, limit-len(found))
		if err != nil {
			return nil, fmt.Errorf("search %s: %w", table, err)
		}
		if found = append(found, more...); len(found) == limit {
			break
		}
	}
	return found, nil
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
