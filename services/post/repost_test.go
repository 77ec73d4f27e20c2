package post_test

import (
	"slices"
	"sync"
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func repost(t *testing.T, u *pulsetest.User, postID int64) *postv1.Post {
	t.Helper()
	return must[*postv1.RepostPostResponse](t)(u.Posts.RepostPost(t.Context(), &postv1.RepostPostRequest{PostId: postID})).GetPost()
}

func homeOf(t *testing.T, u *pulsetest.User) []*postv1.Post {
	t.Helper()
	return must[*timelinev1.GetHomeTimelineResponse](t)(u.Timelines.GetHomeTimeline(t.Context(), &timelinev1.GetHomeTimelineRequest{})).GetPosts()
}

func TestRepost(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	follow(t, eve, bob)
	post := publish(t, ada, &postv1.CreatePostRequest{Text: "worth reading"}).GetId()
	var group sync.WaitGroup
	reposts := make([]int64, 6)
	for i := range reposts { // Reposting at once is reposting once.
		group.Go(func() { reposts[i] = repost(t, bob, post).GetId() })
	}
	group.Wait()
	if slices.Sort(reposts); reposts[0] != reposts[5] || reposts[0] == 0 {
		t.Fatalf("reposts %v, want one", reposts)
	}
	wrapper := reposts[0]
	p.Settle(t)

	got := homeOf(t, eve)
	if len(got) != 1 || got[0].GetId() != wrapper || got[0].GetAuthor().GetHandle() != "bob" || got[0].GetText() != "" ||
		got[0].GetRepostOf().GetText() != "worth reading" || got[0].GetRepostOf().GetAuthor().GetHandle() != "ada" {
		t.Fatalf("a follower's home has %v, want the repost with the post in it", got)
	}
	// What is done with a repost is done with the post behind it.
	must[*postv1.LikePostResponse](t)(eve.Posts.LikePost(t.Context(), &postv1.LikePostRequest{PostId: wrapper}))
	must[*postv1.BookmarkPostResponse](t)(eve.Posts.BookmarkPost(t.Context(), &postv1.BookmarkPostRequest{PostId: wrapper}))
	if second := repost(t, eve, wrapper); second.GetRepostOf().GetId() != post {
		t.Errorf("a repost of the repost passes on %v", second.GetRepostOf())
	}
	reply := publish(t, eve, &postv1.CreatePostRequest{Text: "a reply", ReplyToId: wrapper})
	if reply.GetReplyToId() != post || reply.GetThreadId() != post {
		t.Errorf("a reply to the repost is %v", reply)
	}
	for _, shown := range []*postv1.Post{homeOf(t, eve)[1].GetRepostOf(), get(t, eve.Client, post)} {
		if v := shown.GetViewer(); !v.GetLiked() || !v.GetBookmarked() || !v.GetReposted() {
			t.Errorf("viewer %v, want liked, kept and reposted", v)
		}
	}
	testwait.Until(t, "all is counted", func() bool {
		c := get(t, eve.Client, wrapper).GetRepostOf().GetCounts()
		return c.GetLikes() == 1 && c.GetReposts() == 2 && c.GetReplies() == 1
	})
	_, err := bob.Posts.EditPost(t.Context(), &postv1.EditPostRequest{PostId: wrapper, Text: "mine", UpdateMask: mask("text")})
	wantReason(t, "editing a repost", err, errorsv1.Reason_REASON_POST_NOT_EDITABLE)

	for range 2 {
		must[*postv1.UnrepostPostResponse](t)(bob.Posts.UnrepostPost(t.Context(), &postv1.UnrepostPostRequest{PostId: post}))
	}
	if sees(t, eve.Client, wrapper) || get(t, bob.Client, post).GetViewer().GetReposted() {
		t.Error("the repost is still there after it was taken back")
	}
	p.Settle(t)
	testwait.Until(t, "it is not counted", func() bool { return get(t, ada.Client, post).GetCounts().GetReposts() == 1 })
	if again := repost(t, bob, post); again.GetId() == wrapper {
		t.Error("reposting again gives the repost that was taken back")
	}
	// What the post is gone from is gone with it.
	must[*postv1.DeletePostResponse](t)(ada.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: post}))
	testwait.Until(t, "no repost of it is shown", func() bool {
		return !slices.ContainsFunc(homeOf(t, eve), func(p *postv1.Post) bool { return p.GetText() == "" })
	})
	p.Settle(t)
}

func TestOnlyWhatEveryoneSeesIsPassedOn(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	follow(t, bob, ada)
	post := publish(t, ada, &postv1.CreatePostRequest{Text: "among us", Audience: postv1.Audience_AUDIENCE_FOLLOWERS}).GetId()
	for _, who := range []*pulsetest.User{ada, bob} {
		_, err := who.Posts.RepostPost(t.Context(), &postv1.RepostPostRequest{PostId: post})
		wantReason(t, "repost by "+who.Handle, err, errorsv1.Reason_REASON_REPOST_NOT_ALLOWED)
		_, err = who.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "look", QuoteOfId: post})
		wantReason(t, "quote by "+who.Handle, err, errorsv1.Reason_REASON_QUOTE_NOT_ALLOWED)
	}
	unlisted := publish(t, ada, &postv1.CreatePostRequest{Text: "quietly", Audience: postv1.Audience_AUDIENCE_UNLISTED}).GetId()
	wrapper := repost(t, bob, unlisted).GetId()
	// Narrowing the post takes the reposts with it, for those who may not see it any more.
	edit(t, ada, &postv1.EditPostRequest{PostId: unlisted, Audience: postv1.Audience_AUDIENCE_FOLLOWERS, UpdateMask: mask("audience")})
	if sees(t, p.Client(t), wrapper) || !sees(t, bob.Client, wrapper) {
		t.Error("want that the repost is there for followers of the author alone")
	}
	p.Settle(t)
}

func TestQuote(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	follow(t, eve, bob)
	first := publish(t, ada, &postv1.CreatePostRequest{Text: "first"}).GetId()
	second := publish(t, bob, &postv1.CreatePostRequest{Text: "second", QuoteOfId: first})
	third := publish(t, bob, &postv1.CreatePostRequest{Text: "third", QuoteOfId: second.GetId()})
	if second.GetQuote().GetText() != "first" || second.GetQuote().GetAuthor().GetHandle() != "ada" || second.GetViewer() == nil {
		t.Errorf("created %v, want the first in it", second)
	}
	if q := third.GetQuote(); q.GetText() != "second" || q.GetQuote() != nil || q.GetQuoteUnavailable() {
		t.Errorf("created %v, want the second in it, without what that quotes", third)
	}
	wrapper := repost(t, eve, second.GetId())
	if wrapper.GetRepostOf().GetQuote().GetText() != "first" {
		t.Errorf("the repost %v of a quote is without what is quoted", wrapper)
	}
	testwait.Until(t, "the quote is counted", func() bool { return get(t, ada.Client, first).GetCounts().GetQuotes() == 1 })
	quotes := must[*postv1.ListQuotesResponse](t)(p.Client(t).Posts.ListQuotes(t.Context(), &postv1.ListQuotesRequest{PostId: first}))
	if got := ids(quotes.GetQuotes()); !slices.Equal(got, []int64{second.GetId()}) {
		t.Errorf("quotes %v, want %v", got, second.GetId())
	}
	p.Settle(t)
	shown := func(unavailable bool) {
		t.Helper()
		for _, post := range []*postv1.Post{
			get(t, eve.Client, second.GetId()), get(t, eve.Client, wrapper.GetId()).GetRepostOf(), homeOf(t, eve)[0].GetRepostOf(), get(t, p.Client(t), second.GetId()),
		} {
			if post.GetText() != "second" || post.GetQuoteUnavailable() != unavailable || (post.GetQuote() == nil) != unavailable {
				t.Errorf("%v, want the quote unavailable: %v", post, unavailable)
			}
		}
	}
	shown(false)
	edit(t, ada, &postv1.EditPostRequest{PostId: first, Audience: postv1.Audience_AUDIENCE_FOLLOWERS, UpdateMask: mask("audience")})
	shown(true)
	edit(t, ada, &postv1.EditPostRequest{PostId: first, Audience: postv1.Audience_AUDIENCE_PUBLIC, UpdateMask: mask("audience")})
	shown(false)
	must[*postv1.DeletePostResponse](t)(ada.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: first}))
	shown(true)
	p.Settle(t)
}

// Lists of people and posts leave out whom the caller may not see, and have full pages all the same.
func TestWhoLikedAndReposted(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	post := publish(t, ada, &postv1.CreatePostRequest{Text: "popular"}).GetId()
	for _, who := range []*pulsetest.User{ada, bob, eve} {
		must[*postv1.LikePostResponse](t)(who.Posts.LikePost(t.Context(), &postv1.LikePostRequest{PostId: post}))
		repost(t, who, post)
	}
	blocks(t, p, bob, eve)
	want := map[*pulsetest.User][]string{ada: {"eve", "bob", "ada"}, eve: {"eve", "ada"}}
	for who, handles := range want {
		var likers, reposters []string
		for listing, err := range who.AllLikers(t.Context(), &postv1.ListLikersRequest{PostId: post, PageSize: 1}) {
			if err != nil {
				t.Fatal(err)
			}
			likers = append(likers, listing.GetUser().GetHandle())
		}
		for listing, err := range who.AllReposters(t.Context(), &postv1.ListRepostersRequest{PostId: post, PageSize: 2}) {
			if err != nil {
				t.Fatal(err)
			}
			reposters = append(reposters, listing.GetUser().GetHandle())
		}
		if !slices.Equal(likers, handles) || !slices.Equal(reposters, handles) {
			t.Errorf("%s: liked by %v, reposted by %v, want %v", who.Handle, likers, reposters, handles)
		}
	}
}
