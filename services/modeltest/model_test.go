package modeltest_test

import (
	"slices"

	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
)

// nobody is the viewer who has not signed in.
const nobody = -1

// none is no post.
const none = -1

// pair is one person's relation to another, or a person's to a post.
type pair struct{ who, whom int }

// model is what Pulse should know, by the rules that package visibility states. People and posts are known by their places.
type model struct {
	people []*person
	posts  []*post

	follows, requests, blocks, mutes map[pair]bool
	likes                            map[pair]bool
}

type person struct{ private bool }

type post struct {
	id       int64
	author   int
	audience postv1.Audience
	// at is whom the text names, or nobody, and mentions are those whom it mentions: whom its author saw when it was last edited.
	at       int
	mentions []int
	// word is what search finds it by, and tag what it is tagged with; empty for neither.
	word, tag string
	// replyTo and repostOf are other posts, or none.
	replyTo, repostOf int
	deleted           bool
}

func newModel(people int) *model {
	m := &model{follows: map[pair]bool{}, requests: map[pair]bool{}, blocks: map[pair]bool{}, mutes: map[pair]bool{}, likes: map[pair]bool{}}
	for range people {
		m.people = append(m.people, &person{})
	}
	return m
}

// seesPerson tells whether a viewer may know that a person is there.
func (m *model) seesPerson(viewer, other int) bool { return !m.blocks[pair{other, viewer}] }

// sees tells whether a viewer may see a post.
func (m *model) sees(viewer, n int) bool {
	p := m.posts[n]
	return m.seesAlone(viewer, p) && (p.repostOf == none || m.seesAlone(viewer, m.posts[p.repostOf]))
}

// seesAlone is sees, whatever the post passes on.
func (m *model) seesAlone(viewer int, p *post) bool {
	open := p.audience <= postv1.Audience_AUDIENCE_UNLISTED && !m.people[p.author].private
	switch {
	case p.deleted:
		return false
	case viewer == p.author:
		return true
	case viewer == nobody:
		return open
	case m.blocks[pair{viewer, p.author}] || m.blocks[pair{p.author, viewer}]:
		return false
	}
	return open || slices.Contains(p.mentions, viewer) ||
		p.audience <= postv1.Audience_AUDIENCE_FOLLOWERS && m.follows[pair{viewer, p.author}]
}

// original is the post itself, or the one that it passes on.
func (m *model) original(n int) int {
	if of := m.posts[n].repostOf; of != none {
		return of
	}
	return n
}

// muted tells whether a viewer does not want to meet a post in timelines: nothing of their own.
func (m *model) muted(viewer, n int) bool {
	p := m.posts[n]
	return p.author != viewer && (m.mutes[pair{viewer, p.author}] || m.mutes[pair{viewer, m.posts[m.original(n)].author}])
}

// newest answers the ids of the posts that match and that the viewer sees, newest first.
func (m *model) newest(viewer int, matches func(n int, p *post) bool) []int64 {
	ids := []int64{}
	for n, p := range slices.Backward(m.posts) {
		if m.sees(viewer, n) && matches(n, p) {
			ids = append(ids, p.id)
		}
	}
	return ids
}

// home is the home timeline: of a post and its reposts only the newest.
func (m *model) home(viewer int) []int64 {
	met := map[int]bool{}
	return m.newest(viewer, func(n int, p *post) bool {
		if p.author != viewer && !m.follows[pair{viewer, p.author}] || m.muted(viewer, n) || met[m.original(n)] {
			return false
		}
		met[m.original(n)] = true
		return true
	})
}

// tagged is the timeline of a hashtag.
func (m *model) tagged(viewer int, tag string) []int64 {
	return m.newest(viewer, func(n int, p *post) bool {
		return p.tag == tag && p.audience == postv1.Audience_AUDIENCE_PUBLIC && !m.people[p.author].private && !m.muted(viewer, n)
	})
}

// found is what search finds for a word: what is unlisted only for its author.
func (m *model) found(viewer int, word string) []int64 {
	return m.newest(viewer, func(n int, p *post) bool {
		listed := p.audience != postv1.Audience_AUDIENCE_UNLISTED || p.author == viewer
		return p.word == word && listed && !m.muted(viewer, n)
	})
}

// by is what a person has posted.
func (m *model) by(viewer, author int) []int64 {
	return m.newest(viewer, func(_ int, p *post) bool { return p.author == author })
}

// repliesTo are the direct replies to a post, oldest first, without those of people whom the viewer mutes.
func (m *model) repliesTo(viewer, to int) []int64 {
	ids := m.newest(viewer, func(n int, p *post) bool { return p.replyTo == to && !m.muted(viewer, n) })
	slices.Reverse(ids)
	return ids
}

// count answers how many posts are there that match.
func (m *model) count(matches func(p *post) bool) (count int64) {
	for _, p := range m.posts {
		if !p.deleted && matches(p) {
			count++
		}
	}
	return count
}

// related answers how many relations match.
func related(relations map[pair]bool, matches func(pair) bool) (count int64) {
	for relation := range relations {
		if matches(relation) {
			count++
		}
	}
	return count
}
