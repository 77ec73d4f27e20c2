package timeline

import (
	"math"
	"slices"

	entsql "entgo.io/ent/dialect/sql"

	entpost "github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/predicate"
	"github.com/pulse-social/pulse/services/internal/page"
)

// A span is the part of a timeline that lies beyond an edge: all posts that are older than a post, or all newer ones.
type span struct {
	edge  int64
	newer bool
}

func olderThan(edge int64) span { return span{edge: edge} }

// spanOf is the part of a timeline that a cursor asks for.
func spanOf(c page.Cursor) span {
	switch {
	case c.Direction == page.Back:
		return span{edge: c.After, newer: true}
	case c.After == 0:
		return olderThan(math.MaxInt64)
	default:
		return olderThan(c.After)
	}
}

// has tells whether a post lies in the span.
func (r span) has(id int64) bool {
	if r.newer {
		return id > r.edge
	}
	return id < r.edge
}

func (r span) predicate() predicate.Post {
	if r.newer {
		return entpost.IDGT(r.edge)
	}
	return entpost.IDLT(r.edge)
}

func (r span) order() entsql.OrderTermOption {
	if r.newer {
		return entsql.OrderAsc()
	}
	return entsql.OrderDesc()
}

// first answers the ids nearest to the edge, nearest first, each once.
func (r span) first(ids []int64, limit int) []int64 {
	slices.SortFunc(ids, func(a, b int64) int {
		if r.newer {
			return newestFirst(b, a)
		}
		return newestFirst(a, b)
	})
	ids = slices.Compact(ids)
	return ids[:min(limit, len(ids))]
}

// covers tells whether the list holds everything that a page of the span can need.
func (l *List) covers(r span, limit int) bool {
	if l.Whole {
		return true
	}
	if len(l.IDs) == 0 {
		return false
	}
	oldest := l.IDs[len(l.IDs)-1]
	if r.newer {
		return r.edge >= oldest
	}
	return len(l.within(r)) >= limit
}

// within answers the part of the list that lies in the span, newest first.
func (l *List) within(r span) []int64 {
	at, _ := slices.BinarySearchFunc(l.IDs, r.edge, newestFirst)
	if r.newer {
		return l.IDs[:at]
	}
	for at < len(l.IDs) && !r.has(l.IDs[at]) {
		at++
	}
	return l.IDs[at:]
}
