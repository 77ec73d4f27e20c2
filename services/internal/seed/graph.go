package seed

import (
	"fmt"
	"math/rand/v2"

	"github.com/pulse-social/pulse/services/internal/edgelist"
)

// Graph plans the people of an edge list: person 17 has the handle u17 and the address u17@example.org, follows whom
// the list says, and writes so many posts. The posts go round: the first of everybody, the second of everybody, and so
// on. The same list always gives the same plan, and one with more posts begins like one with fewer.
func Graph(list edgelist.List, directed bool, posts int) Plan {
	plan := Plan{People: make([]Person, len(list.People)), Posts: make([]*Post, 0, posts*len(list.People))}
	for i, number := range list.People {
		handle := fmt.Sprintf("u%d", number)
		plan.People[i] = Person{Handle: handle, Email: handle + "@example.org"}
	}
	for follower, followees := range list.Following(directed) {
		for _, followee := range followees {
			plan.Follows = append(plan.Follows, Follow{follower, followee})
		}
	}
	for n := range posts {
		for i, number := range list.People {
			plan.Posts = append(plan.Posts, &Post{Author: i, Text: sentence(number, n+1)})
		}
	}
	return plan
}

// What sentences are put together from.
var (
	openings = []string{"this morning", "on the way home", "after lunch", "late last night", "between two trains", "over breakfast", "in the rain"}
	subjects = []string{"the cat next door", "my sourdough", "a blackbird", "the old radio", "our street", "the tram", "a stray umbrella", "the kettle"}
	verbs    = []string{"took its time", "made a scene", "was better than expected", "sang for an hour", "came back", "would not start", "won the day"}
	closings = []string{"and nobody minded", "as it does every week", "so I took a picture", "and I still smile about it", "which says it all", "just in time"}
)

// sentence answers what a person writes in their nth post.
func sentence(person int64, n int) string {
	r := rand.New(rand.NewPCG(uint64(person), uint64(n))) //nolint:gosec // The same each time is what is wanted.
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	return fmt.Sprintf("u%d, note %d: %s %s %s, %s.", person, n, pick(openings), pick(subjects), pick(verbs), pick(closings))
}
