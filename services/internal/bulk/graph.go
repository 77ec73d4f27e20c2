package bulk

import (
	"fmt"
	"iter"
	"time"
)

// A Graph is a generated social graph. Everybody follows the same number of neighbours on a ring, before and after them,
// who follow back; that makes each fan-out and each home timeline of known size. Celebrities, the last of the people, are
// followed by an evenly spread part of all others besides.
type Graph struct {
	// People is how many there are.
	People int
	// Friends is how many neighbours on the ring everybody follows; it is even.
	Friends int
	// Spread has the neighbours stand at the squares of 1, 2, 3 and so on instead of next to each other. The neighbours of
	// neighbours are then nearly all different people.
	Spread bool
	// Celebrities is how many have Fans followers besides.
	Celebrities, Fans int
	// Posts is how many each has written, over Span up to now.
	Posts int
	// Span is the time in which they wrote.
	Span time.Duration
	// Words makes them have names, and write in many words and hashtags rather than always the same: for search.
	Words bool
}

// Validate answers what is wrong with the graph.
func (g Graph) Validate() error {
	switch {
	case g.People < 2 || g.People > 1_000_000:
		return fmt.Errorf("%d people: give 2 to 1,000,000", g.People)
	case g.Friends < 0 || g.Friends%2 != 0 || g.Friends >= g.People:
		return fmt.Errorf("%d friends: give an even number below that of people", g.Friends)
	case g.Spread && (g.Celebrities > 0 || g.offset(g.Friends/2) >= (g.People+1)/2):
		return fmt.Errorf("%d friends of %d people cannot be spread: give fewer friends, or more people, and no celebrities", g.Friends, g.People)
	case g.Celebrities < 0 || g.Celebrities > g.People/2:
		return fmt.Errorf("%d celebrities: give at most half of the people", g.Celebrities)
	case g.Fans < 0 || g.Fans > g.People-g.Celebrities-g.Friends:
		return fmt.Errorf("%d fans: give fewer than there are people to be fans", g.Fans)
	case g.Posts < 0 || g.Posts > 1000:
		return fmt.Errorf("%d posts: give 0 to 1000", g.Posts)
	}
	return nil
}

// Handle is the handle of a person.
func Handle(n int) string { return fmt.Sprintf("bench%d", n) }

// Celebrity answers the number of a celebrity.
func (g Graph) Celebrity(n int) int { return g.People - g.Celebrities + n }

// Follows is how many follows there are.
func (g Graph) Follows() int { return g.People*g.Friends + g.Celebrities*g.Fans }

// Edges answers every follow once: who follows, and whom.
func (g Graph) Edges() iter.Seq2[int, int] {
	return func(yield func(follower, followee int) bool) {
		for n := range g.People {
			for distance := 1; distance <= g.Friends/2; distance++ {
				offset := g.offset(distance)
				if !yield(n, (n+offset)%g.People) || !yield(n, (n-offset+g.People)%g.People) {
					return
				}
			}
		}
		for c := range g.Celebrities {
			for fan := range g.FansOf(c) {
				if !yield(fan, g.Celebrity(c)) {
					return
				}
			}
		}
	}
}

// offset is how far away the neighbour of a number stands.
func (g Graph) offset(number int) int {
	if g.Spread {
		return number * number
	}
	return number
}

// FansOf answers who follows a celebrity without being their neighbour, evenly spread.
func (g Graph) FansOf(celebrity int) iter.Seq[int] {
	return func(yield func(int) bool) {
		// Neighbours and celebrities keep to the ends of the ring, so that nobody follows the same person twice.
		first, last := g.Friends/2, g.People-g.Celebrities-g.Friends/2
		for n := range g.Fans {
			if !yield(first + (n*(last-first)/g.Fans+celebrity)%(last-first)) {
				return
			}
		}
	}
}

// degrees answers how many followers everybody has, and how many they follow.
func (g Graph) degrees() (followers, following []int64) {
	followers, following = make([]int64, g.People), make([]int64, g.People)
	for follower, followee := range g.Edges() {
		following[follower]++
		followers[followee]++
	}
	return followers, following
}
