// Package invariant checks what Pulse promises to hold whatever has died (RELIABILITY in ARCHITECTURE.md): that nothing
// acknowledged is lost, nothing is there twice, and everything derived equals what it is derived from.
package invariant

import (
	"context"
	"fmt"
	"time"

	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/store"
)

// A Result is what became of one invariant.
type Result struct {
	// ID is the invariant's.
	ID string `json:"id"`
	// What says what was checked.
	What string `json:"what"`
	// Checked is how many things were looked at.
	Checked int `json:"checked"`
	// Broken is how many of them break the invariant.
	Broken int `json:"broken"`
	// Violations describe the first of those.
	Violations []string `json:"violations,omitempty"`
	// Took is how long the check took.
	Took time.Duration `json:"took_ns"`
}

// OK tells whether the invariant holds.
func (r *Result) OK() bool { return r.Broken == 0 }

// shownViolations bounds how many violations of an invariant are described.
const shownViolations = 10

// broken notes a violation.
func (r *Result) broken(format string, args ...any) {
	r.Broken++
	if len(r.Violations) < shownViolations {
		r.Violations = append(r.Violations, fmt.Sprintf(format, args...))
	}
}

// A Checker checks one store.
type Checker struct {
	// DB is the database, to read.
	DB *store.DB
	// Consumers are all that there are, whichever process runs them.
	Consumers []bus.Consumer
	// Home answers a person's whole home timeline as it is served, caches included.
	Home func(ctx context.Context, userID int64) ([]int64, error)
	// Files visits the files of all pictures, with when they were written; nil when it is not known where they are.
	Files func(ctx context.Context, visit func(mediaID int64, key string, written time.Time)) error
	// SettleFor bounds how long events on their way are waited for.
	SettleFor time.Duration
}

// Check checks every invariant. It changes nothing. progress is told what is being done.
func (c Checker) Check(ctx context.Context, progress func(string)) ([]Result, error) {
	checks := []struct {
		id, what string
		run      func(context.Context, *Result) error
	}{
		// Events on their way would make the others look broken, so this one waits for them.
		{"I7", "every event was consumed by each of its consumers, or is a dead letter", c.consumed},
		{"I1", "every post is in its author's timeline exactly once", c.userTimelines},
		{"I2", "every home timeline holds what its owner may expect, exactly once, and nothing else", c.homeTimelines},
		{"I3", "every stored count equals the number of its rows", c.counts},
		{"I3", "search has a document of every post, person and meetup, of the version that is there, and no other", c.searchIndex},
		{"I4", "the messages of every conversation are numbered in their order, without a gap", c.conversations},
		{"I3", "every notification counts the causes of it that hold, and none is numbered beyond its recipient's head", c.notifications},
		{"I5", "no meetup has more seats taken than it has, its counts equal its answers, and nobody waits while there is a seat", c.meetups},
		{"I6", "every idempotency key has one effect and one stored answer", c.idempotency},
		{"I9", "every picture has its files, every file its picture, and what people use is the sum of theirs", c.media},
		{"I10", "the database's own integrity check is clean", c.integrity},
	}
	results := make([]Result, 0, len(checks))
	for _, check := range checks {
		progress(check.id + ": " + check.what)
		r, began := Result{ID: check.id, What: check.what}, time.Now()
		if err := check.run(ctx, &r); err != nil {
			return nil, fmt.Errorf("check %s: %w", check.id, err)
		}
		r.Took = time.Since(began)
		results = append(results, r)
	}
	return results, nil
}

// each runs a query and calls visit for every row of integers.
func (c Checker) each(ctx context.Context, visit func(row []int64), columns int, query string, args ...any) error {
	rows, err := c.DB.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	row, targets := make([]int64, columns), make([]any, columns)
	for i := range row {
		targets[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		visit(row)
	}
	return rows.Err()
}
