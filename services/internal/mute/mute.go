// Package mute tells what of a timeline its reader does not want to meet: posts by people whom they muted, and posts that
// say a muted word. Whoever is muted is not told, and is found as before where one looks for them by name, on their profile.
// Their replies are left out of threads by the post service, in its query.
package mute

import (
	"context"
	"fmt"
	"time"

	"github.com/pulse-social/pulse/ent"
	entmute "github.com/pulse-social/pulse/ent/mute"
	"github.com/pulse-social/pulse/ent/mutedword"
)

// Rules are what one person has muted, as it was read. A mute that has an end ends in them too, so they may be kept for as
// long as the person changes nothing. The zero Rules, and nil, mute nothing.
type Rules struct {
	people map[int64]time.Time // when the mute ends; the zero time is never
	words  words
}

// Of reads what a person has muted, in two queries. Nobody has muted anything for the person 0.
func Of(ctx context.Context, db *ent.Client, userID int64) (*Rules, error) {
	if userID == 0 {
		return &Rules{}, nil
	}
	people, err := db.Mute.Query().Where(entmute.MuterID(userID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read muted people: %w", err)
	}
	entries, err := db.MutedWord.Query().Where(mutedword.UserID(userID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read muted words: %w", err)
	}
	r := &Rules{people: make(map[int64]time.Time, len(people))}
	for _, row := range people {
		r.people[row.MutedID] = end(row.ExpiresAt)
	}
	for _, row := range entries {
		r.words = r.words.with(row.TextKey, end(row.ExpiresAt))
	}
	return r, nil
}

// Among reads what each of many readers has muted of a few people, and the words that they mute, in two queries. Who has
// muted nothing of it is not in the answer; nil rules mute nothing.
func Among(ctx context.Context, db *ent.Client, readers, others []int64) (map[int64]*Rules, error) {
	people, err := db.Mute.Query().Where(entmute.MuterIDIn(readers...), entmute.MutedIDIn(others...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read muted people: %w", err)
	}
	entries, err := db.MutedWord.Query().Where(mutedword.UserIDIn(readers...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read muted words: %w", err)
	}
	rules := map[int64]*Rules{}
	of := func(reader int64) *Rules {
		if rules[reader] == nil {
			rules[reader] = &Rules{people: map[int64]time.Time{}}
		}
		return rules[reader]
	}
	for _, row := range people {
		of(row.MuterID).people[row.MutedID] = end(row.ExpiresAt)
	}
	for _, row := range entries {
		r := of(row.UserID)
		r.words = r.words.with(row.TextKey, end(row.ExpiresAt))
	}
	return rules, nil
}

// Empty tells whether nothing is muted.
func (r *Rules) Empty() bool { return r == nil || len(r.people) == 0 && len(r.words) == 0 }

// Person tells whether a person is muted at a time.
func (r *Rules) Person(userID int64, now time.Time) bool {
	if r == nil {
		return false
	}
	ends, muted := r.people[userID]
	return muted && lasts(ends, now)
}

// Text tells whether one of the texts says something that is muted at a time. The texts of one post are its text and its
// content warning.
func (r *Rules) Text(now time.Time, texts ...string) bool {
	if r == nil || len(r.words) == 0 {
		return false
	}
	for _, text := range texts {
		if r.words.in(split(text), now) {
			return true
		}
	}
	return false
}

// end is when a mute ends; the zero time is never.
func end(expiresAt *time.Time) time.Time {
	if expiresAt == nil {
		return time.Time{}
	}
	return *expiresAt
}

// lasts tells whether what ends then has not ended yet.
func lasts(ends, now time.Time) bool { return ends.IsZero() || now.Before(ends) }
