package post_test

import (
	"context"
	"testing"

	"github.com/pulse-social/pulse/ent"
	entbookmark "github.com/pulse-social/pulse/ent/bookmark"
	entdraft "github.com/pulse-social/pulse/ent/draft"
	entlike "github.com/pulse-social/pulse/ent/like"
	"github.com/pulse-social/pulse/ent/pollvote"
	entpost "github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/postmention"
	"github.com/pulse-social/pulse/ent/postversion"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// A deleted post takes with it what it said, in all its versions, and what pointed to it.
func TestNothingIsLeftOfADeletedPost(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	request := poll(false, 300e9, "yes", "no")
	request.Text, request.ContentWarning = "canary @bob #tag", "canary"
	post := publish(t, ada, request).GetId()
	edit(t, ada, &postv1.EditPostRequest{PostId: post, Text: "another canary @bob #tag", UpdateMask: mask("text")})
	must[*postv1.BookmarkPostResponse](t)(bob.Posts.BookmarkPost(t.Context(), &postv1.BookmarkPostRequest{PostId: post}))
	must[*postv1.DeletePostResponse](t)(ada.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: post}))
	if got := bookmarks(t, bob); got != nil {
		t.Errorf("bookmarks %v", got)
	}
	db, ctx := elsewhere(t, p, clock.System).For("test"), t.Context()
	row := must[*ent.Post](t)(db.Post.Get(ctx, post))
	if row.Text != "" || row.ContentWarning != "" || row.Facets != nil {
		t.Errorf("the row still says %v", row)
	}
	for what, left := range map[string]int{
		"versions": must[int](t)(db.PostVersion.Query().Where(postversion.PostID(post)).Count(ctx)),
		"mentions": must[int](t)(db.PostMention.Query().Where(postmention.PostID(post)).Count(ctx)),
		"hashtags": must[int](t)(db.PostTag.Query().Count(ctx)),
		"polls":    must[int](t)(db.Poll.Query().Count(ctx)),
		"options":  must[int](t)(db.PollOption.Query().Count(ctx)),
	} {
		if left != 0 {
			t.Errorf("%d %s are left", left, what)
		}
	}
}

// A deleted account takes with it what the person wrote and did, and every count is right without them.
func TestNothingIsLeftOfADeletedAccount(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	theirs := publish(t, bob, poll(false, 300e9, "yes", "no")).GetId()
	publish(t, bob, &postv1.CreatePostRequest{Text: "hello @ada"})
	for range 3 {
		publish(t, ada, &postv1.CreatePostRequest{Text: "canary", ReplyToId: theirs, QuoteOfId: theirs})
	}
	repost(t, ada, theirs)
	draft(t, ada, &postv1.CreatePostRequest{Text: "canary"})
	must[*postv1.LikePostResponse](t)(ada.Posts.LikePost(t.Context(), &postv1.LikePostRequest{PostId: theirs}))
	must[*postv1.BookmarkPostResponse](t)(ada.Posts.BookmarkPost(t.Context(), &postv1.BookmarkPostRequest{PostId: theirs}))
	if _, err := vote(t, ada, theirs, 1); err != nil {
		t.Fatal(err)
	}
	p.Settle(t)
	s := elsewhere(t, p, clock.System)
	writeAs(t, s, "identity", func(_ context.Context, tx *store.Tx) error { return tx.Emit(&busv1.AccountDeleted{UserId: ada.ID}) })
	db, ctx := s.For("test"), t.Context()
	left := func() map[string]int {
		return map[string]int{
			"posts":     must[int](t)(db.Post.Query().Where(entpost.AuthorID(ada.ID), entpost.Deleted(false)).Count(ctx)),
			"likes":     must[int](t)(db.Like.Query().Where(entlike.UserID(ada.ID)).Count(ctx)),
			"bookmarks": must[int](t)(db.Bookmark.Query().Where(entbookmark.UserID(ada.ID)).Count(ctx)),
			"drafts":    must[int](t)(db.Draft.Query().Where(entdraft.AuthorID(ada.ID)).Count(ctx)),
			"votes":     must[int](t)(db.PollVote.Query().Where(pollvote.UserID(ada.ID)).Count(ctx)),
			"mentions":  must[int](t)(db.PostMention.Query().Where(postmention.UserID(ada.ID)).Count(ctx)),
		}
	}
	testwait.Until(t, "nothing is left", func() bool {
		for _, n := range left() {
			if n != 0 {
				return false
			}
		}
		return true
	})
	testwait.Until(t, "nothing is counted", func() bool {
		c := get(t, bob.Client, theirs).GetCounts()
		return c.GetLikes()+c.GetReplies()+c.GetReposts()+c.GetQuotes() == 0
	})
	if got := results(get(t, bob.Client, theirs)); got != "yes 0 no 0 of 0" {
		t.Errorf("the poll has %q", got)
	}
	p.Settle(t)
}
