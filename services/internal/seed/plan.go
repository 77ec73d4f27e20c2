package seed

import (
	"iter"

	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
)

// A Plan is what a Pulse is to hold. People are named by their places in People.
type Plan struct {
	// People are all who register.
	People []Person
	// Follows say who follows whom, each once and in the order in which it comes about.
	Follows []Follow
	// Posts are in the order in which they are written; a reply comes after what it replies to. No author says the same
	// twice: by author and text a later run knows what is there.
	Posts []*Post
	// Likes say who likes what, each once.
	Likes []Like
}

// A Person is somebody who registers.
type Person struct {
	// Handle and Email are what they register with.
	Handle, Email string
	// Profile is what they say of themselves; nil leaves the profile as it is.
	Profile *userv1.Profile
}

// A Follow is a follower and whom they follow.
type Follow struct{ Follower, Followee int }

// A Post is something that somebody writes.
type Post struct {
	// Author is who writes it.
	Author int
	// Text is what it says.
	Text string
	// ReplyTo is the post of the plan that it replies to, nil when it is not a reply.
	ReplyTo *Post
}

// A Like is somebody who likes a post of the plan.
type Like struct {
	// Person is who likes it.
	Person int
	// Post is what they like.
	Post *Post
}

// rounds cuts posts into runs whose posts can be written at the same time without mixing up any timeline or thread:
// nobody writes twice in a round, and no post of a round replies to another of it.
func rounds(posts []*Post) iter.Seq[[]*Post] {
	return func(yield func([]*Post) bool) {
		begin := 0
		authors, round := map[int]bool{}, map[*Post]bool{}
		for i, post := range posts {
			if authors[post.Author] || round[post.ReplyTo] {
				if !yield(posts[begin:i]) {
					return
				}
				begin = i
				clear(authors)
				clear(round)
			}
			authors[post.Author], round[post] = true, true
		}
		if begin < len(posts) {
			yield(posts[begin:])
		}
	}
}
