package timeline_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pulse-social/pulse/services/pulsetest"
)

// Pages from SQL take a few posts of each author at first. Here one of many wrote much at once, another first and last.
func TestPagesFromSQLHaveWhatSomeWroteMoreThanOthers(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_TIMELINE_LENGTH", "0"))
	reader := p.User(t, "reader")
	want(t, "who follows nobody", page(t, reader, 3, ""), nil)
	var authors []*pulsetest.User
	for n := range 10 {
		authors = append(authors, p.User(t, fmt.Sprintf("author%d", n)))
	}
	follow(t, reader, authors...)
	stranger := p.User(t, "stranger")
	var posts []int64 // newest first
	for n, times := range []int{9, 0, 1, 25, 1, 2, 0, 1, 7, 9} {
		write(t, stranger, public, "of no concern")
		by := authors[n]
		if n == 9 {
			by = authors[0]
		}
		for range times {
			posts = append(posts, write(t, by, public, "text"))
		}
		posts = append(posts, write(t, reader, public, "mine"))
	}
	slices.Reverse(posts)
	for _, size := range []int32{1, 7, 20, 100} {
		first := page(t, reader, size, "")
		var all, back []int64
		last := first
		for all = idsOfPosts(first.GetPosts()); last.GetNextPageToken() != ""; all = append(all, idsOfPosts(last.GetPosts())...) {
			last = page(t, reader, size, last.GetNextPageToken())
		}
		if !slices.Equal(all, posts) {
			t.Errorf("pages of %d, down: %v, want %v", size, all, posts)
		}
		newer := last
		for len(newer.GetPosts()) > 0 {
			back = append(idsOfPosts(newer.GetPosts()), back...)
			newer = page(t, reader, size, newer.GetNewerPageToken())
		}
		if !slices.Equal(back, posts) {
			t.Errorf("pages of %d, up: %v, want %v", size, back, posts)
		}
	}
}
