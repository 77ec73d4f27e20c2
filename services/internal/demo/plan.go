package demo

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/seed"
)

// Shape of the demo's small world.
const (
	// skew is the exponent of Zipf's law for how popular people are; about 1 is what social networks show.
	skew = 0.8
	// closeness is how much rather one follows somebody with a common interest.
	closeness = 4.0
	// postsEach, followsEach, repliesEach and likesEach are averages a person, or a post.
	postsEach, followsEach, repliesEach, likesEach = 7, 9, 0.6, 2.5
	// ownReply is how often an author answers a reply.
	ownReply = 0.3
	// onTopic is how often a reply is about the topic, rather than one that goes with anything.
	onTopic = 0.7
	// replyLikes is how much less often a reply is liked than a post.
	replyLikes = 0.25
)

// world is the plan while it is made.
type world struct {
	*rand.Rand
	people    []member
	following [][]bool
	said      map[string]bool
	plan      seed.Plan
}

// member is somebody, with the topics they care about and how popular they are.
type member struct {
	topics []int
	weight float64
}

// Plan invents so many people and what they do. The same number always gives the same plan.
func Plan(people int) seed.Plan {
	w := &world{Rand: rand.New(rand.NewPCG(2, uint64(people))), said: map[string]bool{}} //nolint:gosec // The same each time is what is wanted.
	for i := range people {
		w.addPerson(i)
	}
	w.addFollows()
	w.addPosts()
	w.addLikes()
	return w.plan
}

func (w *world) addPerson(i int) {
	name := givenNames[i%len(givenNames)]
	handle := name
	if i >= len(givenNames) {
		handle = fmt.Sprintf("%s%d", name, i/len(givenNames)+1)
	}
	m := member{topics: w.Perm(len(topics))[:2+w.IntN(2)], weight: math.Pow(float64(i+1), -skew)}
	w.people = append(w.people, m)
	w.plan.People = append(w.plan.People, seed.Person{
		Handle: handle, Email: handle + "@example.org",
		Profile: &userv1.Profile{DisplayName: sentence(name), Bio: w.bio(m), Location: pick(w.Rand, places)},
	})
}

// bio says what somebody cares about.
func (w *world) bio(m member) string {
	first, second := phrase(w.Rand, topics[m.topics[0]].bio), phrase(w.Rand, topics[m.topics[1]].bio)
	return strings.TrimSpace(sentence(first) + " and " + second + ". " + pick(w.Rand, tempers))
}

// addFollows has everybody follow others: popular ones and those with common interests first.
func (w *world) addFollows() {
	for i := range w.people {
		w.following = append(w.following, make([]bool, len(w.people)))
		follows := followsEach/2 + w.IntN(followsEach+1)
		if i == 0 {
			follows = 2 * followsEach // Whoever logs in finds a full timeline.
		}
		for range min(follows, len(w.people)-1) {
			followee := w.draw(func(j int) float64 {
				switch {
				case j == i || w.following[i][j]:
					return 0
				case w.common(i, j):
					return closeness * w.people[j].weight
				default:
					return w.people[j].weight
				}
			})
			w.following[i][followee] = true
			w.plan.Follows = append(w.plan.Follows, seed.Follow{Follower: i, Followee: followee})
		}
	}
}

// common tells whether two people share an interest.
func (w *world) common(i, j int) bool {
	return slices.ContainsFunc(w.people[i].topics, func(t int) bool { return slices.Contains(w.people[j].topics, t) })
}

// draw draws a person with probability in proportion to their weight, of which at least one is above 0.
func (w *world) draw(weight func(int) float64) int {
	total, last := 0.0, 0
	for i := range w.people {
		if weight(i) > 0 {
			total += weight(i)
			last = i
		}
	}
	at := w.Float64() * total
	for i := range w.people {
		if at -= weight(i); at < 0 {
			return i
		}
	}
	return last // Only rounding comes this far.
}

// timed is a post with its place in the order.
type timed struct {
	post *seed.Post
	at   float64
}

// addPosts has everybody write, and others reply.
func (w *world) addPosts() {
	var all []timed
	for i, m := range w.people {
		for range postsEach/2 + w.IntN(postsEach+1) {
			at, about := w.Float64(), topics[pick(w.Rand, m.topics)]
			post := &seed.Post{Author: i, Text: w.say(i, about.posts)}
			all = append(all, timed{post, at})
			all = append(all, w.conversation(post, about, at)...)
		}
	}
	slices.SortStableFunc(all, func(a, b timed) int { return cmp.Compare(a.at, b.at) })
	for _, t := range all {
		w.plan.Posts = append(w.plan.Posts, t.post)
	}
}

// conversation answers the replies to a post, soon after it. Some get an answer.
func (w *world) conversation(post *seed.Post, about topic, at float64) []timed {
	var all []timed
	for i := range w.people {
		if !w.following[i][post.Author] || w.Float64() > repliesEach/followsEach {
			continue
		}
		patterns := replies
		if w.Float64() < onTopic {
			patterns = about.replies
		}
		at += w.ExpFloat64() / 50
		reply := &seed.Post{Author: i, Text: w.say(i, patterns), ReplyTo: post}
		all = append(all, timed{reply, at})
		if w.Float64() < ownReply {
			at += w.ExpFloat64() / 50
			all = append(all, timed{&seed.Post{Author: post.Author, Text: w.say(post.Author, thanks), ReplyTo: reply}, at})
		}
	}
	return all
}

// say finds words that the author has not used before.
func (w *world) say(author int, patterns []string) string {
	const tries = 20
	text := phrase(w.Rand, pick(w.Rand, patterns))
	for try := 1; w.said[fmt.Sprint(author, text)]; try++ {
		again := phrase(w.Rand, pick(w.Rand, patterns))
		if try > tries {
			again = text + " " + again
		}
		text = again
	}
	w.said[fmt.Sprint(author, text)] = true
	return text
}

// addLikes has followers like what they see.
func (w *world) addLikes() {
	for _, post := range w.plan.Posts {
		likes := likesEach / followsEach
		if post.ReplyTo != nil {
			likes *= replyLikes
		}
		for i := range w.people {
			if w.following[i][post.Author] && w.Float64() < likes {
				w.plan.Likes = append(w.plan.Likes, seed.Like{Person: i, Post: post})
			}
		}
	}
}
