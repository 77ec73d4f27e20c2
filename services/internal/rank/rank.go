// Package rank puts posts in the order of the algorithm pulse.v1, which stands in the comment of GetForYouTimeline in
// pulse.timeline.v1. It is a function of what is known of the posts and of nothing else: the same candidates come in the
// same order, whatever order they were given in.
package rank

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Name is the name of the algorithm.
const Name = "pulse.v1"

const (
	// halfLife is the age at which a post counts half as much as a new one.
	halfLife = 12 * time.Hour
	// inARow is how many posts of one author may follow one another while others are left.
	inARow = 2
)

// A Candidate is a post that is ranked, and what is known of it.
type Candidate struct {
	// PostID and AuthorID are the post's.
	PostID, AuthorID int64
	// Age is how old the post is; less than 0 counts as 0.
	Age time.Duration
	// Likes, Replies and Reposts are its counts.
	Likes, Replies, Reposts int64
	// Affinity is how many posts of the author the viewer has liked lately.
	Affinity int
	// Likers is how many of those whom the viewer follows like the post.
	Likers int
	// Followed is whether the viewer follows the author.
	Followed bool
	// Mutuals is how many of those whom the viewer follows follow the author.
	Mutuals int
}

// Score answers how high a post comes: above 0, and the higher the more of anything but age it has.
func (c Candidate) Score() float64 {
	age := max(0, c.Age.Hours()/halfLife.Hours())
	tie := 2.0
	if !c.Followed {
		tie = 1 + logOf(c.Mutuals)/4
	}
	return math.Exp2(-age) * (1 + logOf(c.Likes+2*c.Replies+3*c.Reposts)) * (1 + logOf(c.Affinity)/2) * (1 + logOf(c.Likers)/2) * tie
}

// logOf makes the tenth of something count less than the first. Counts that a consumer has not caught up with may be
// below 0.
func logOf[N int | int64](n N) float64 { return math.Log1p(max(0, float64(n))) }

// Posts answers the candidates, the highest score first and the newest first among equals, but never more than two in a
// row of one author while there are others.
func Posts(candidates []Candidate) []Candidate {
	type scored struct {
		Candidate
		score float64
	}
	rest := make([]scored, len(candidates))
	for i, c := range candidates {
		rest[i] = scored{c, c.Score()}
	}
	slices.SortFunc(rest, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.PostID, a.PostID))
	})
	ranked := make([]Candidate, 0, len(rest))
	for len(rest) > 0 {
		next := max(0, slices.IndexFunc(rest, func(c scored) bool { return !enough(ranked, c.AuthorID) }))
		ranked = append(ranked, rest[next].Candidate)
		rest = slices.Delete(rest, next, next+1)
	}
	return ranked
}

// enough tells whether the last posts are as many of one author as may follow one another.
func enough(ranked []Candidate, authorID int64) bool {
	if len(ranked) < inARow {
		return false
	}
	for _, c := range ranked[len(ranked)-inARow:] {
		if c.AuthorID != authorID {
			return false
		}
	}
	return true
}
