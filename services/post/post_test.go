package post_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestLikes(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	post := write(t, ada, "like me", 0)

	var group sync.WaitGroup
	for range 8 { // Liking at once is liking once.
		group.Go(func() {
			if _, err := bob.Posts.LikePost(t.Context(), &postv1.LikePostRequest{PostId: post}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if !get(t, bob.Client, post).GetViewer().GetLiked() || get(t, ada.Client, post).GetViewer().GetLiked() {
		t.Error("want that bob likes it, and ada does not")
	}
	if viewer := get(t, p.Client(t), post).GetViewer(); viewer != nil {
		t.Errorf("anonymous viewer %v, want none", viewer)
	}
	testwait.Until(t, "the like is counted once", func() bool { return get(t, ada.Client, post).GetCounts().GetLikes() == 1 })
	for range 2 {
		if _, err := bob.Posts.UnlikePost(t.Context(), &postv1.UnlikePostRequest{PostId: post}); err != nil {
			t.Fatal(err)
		}
	}
	testwait.Until(t, "the like is gone", func() bool { return get(t, ada.Client, post).GetCounts().GetLikes() == 0 })
	p.Settle(t)
}

func TestDeletedPostsAreGoneAtOnce(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	root := write(t, ada, "root", 0)
	reply := write(t, bob, "reply", root)

	if _, err := bob.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: root}); pulse.ReasonOf(err) != errorsv1.Reason_REASON_NOT_POST_AUTHOR {
		t.Errorf("deleting another's post: %v", err)
	}
	if _, err := ada.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: root}); err != nil {
		t.Fatal(err)
	}
	gone := errorsv1.Reason_REASON_POST_NOT_FOUND
	for name, call := range map[string]func() error{
		"get": func() error {
			_, err := ada.Posts.GetPost(t.Context(), &postv1.GetPostRequest{PostId: root})
			return err
		},
		"delete": func() error {
			_, err := ada.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: root})
			return err
		},
		"like": func() error {
			_, err := bob.Posts.LikePost(t.Context(), &postv1.LikePostRequest{PostId: root})
			return err
		},
		"unlike": func() error {
			_, err := bob.Posts.UnlikePost(t.Context(), &postv1.UnlikePostRequest{PostId: root})
			return err
		},
		"thread": func() error {
			_, err := bob.Posts.GetThread(t.Context(), &postv1.GetThreadRequest{PostId: root})
			return err
		},
		"reply": func() error {
			_, err := bob.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "too late", ReplyToId: root})
			return err
		},
	} {
		if err := call(); pulse.ReasonOf(err) != gone {
			t.Errorf("%s: got %v, want %v", name, err, gone)
		}
	}
	batch, err := bob.Posts.BatchGetPosts(t.Context(), &postv1.BatchGetPostsRequest{PostIds: []int64{root, reply}})
	if err != nil || len(batch.GetPosts()) != 1 || batch.GetPosts()[0].GetId() != reply {
		t.Errorf("batch: %v, %v, want the reply alone", batch, err)
	}
	thread, err := bob.Posts.GetThread(t.Context(), &postv1.GetThreadRequest{PostId: reply})
	if err != nil || len(thread.GetAncestors()) != 0 || thread.GetPost().GetThreadId() != root {
		t.Errorf("thread of the reply: %v, %v, want it without its deleted root", thread, err)
	}
	p.Settle(t)
}

func TestThread(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	root := write(t, ada, "root", 0)
	second := write(t, bob, "second", root)
	third := write(t, ada, "third", second)
	var replies []int64
	for n := range 5 {
		replies = append(replies, write(t, bob, fmt.Sprintf("reply %d", n), third))
	}
	write(t, bob, "below a reply", replies[0])

	answer, err := p.Client(t).Posts.GetThread(t.Context(), &postv1.GetThreadRequest{PostId: third, PageSize: 2})
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(answer.GetAncestors()); !slices.Equal(got, []int64{root, second}) {
		t.Errorf("ancestors %v, want %v", got, []int64{root, second})
	}
	if answer.GetPost().GetId() != third || answer.GetPost().GetThreadId() != root || answer.GetPost().GetReplyToId() != second {
		t.Errorf("post %v", answer.GetPost())
	}
	var paged []int64
	for reply, err := range p.Client(t).AllThreadReplies(t.Context(), &postv1.GetThreadRequest{PostId: third, PageSize: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		paged = append(paged, reply.GetId())
	}
	if !slices.Equal(paged, replies) {
		t.Errorf("replies %v, want %v", paged, replies)
	}
	testwait.Until(t, "direct replies are counted", func() bool { return get(t, ada.Client, third).GetCounts().GetReplies() == 5 })
	p.Settle(t)
}

// In a thread nobody meets whom they mute or who blocks them, and pages are full all the same.
func TestThreadWithoutTheMuted(t *testing.T) {
	t.Parallel()
	clock := new(movableClock)
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now))
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	root := write(t, ada, "root", 0)
	var bobs, all []int64
	for range 3 {
		all = append(all, write(t, eve, "from eve", root))
		bobs = append(bobs, write(t, bob, "from bob", root))
		all = append(all, bobs[len(bobs)-1])
	}
	end := clock.now().Add(time.Minute)
	writeAs(t, elsewhere(t, p, clock.now), "graph", func(ctx context.Context, tx *store.Tx) error {
		return tx.Mute.Create().SetID(tx.NewID()).SetMuterID(ada.ID).SetMutedID(eve.ID).SetExpiresAt(end).Exec(ctx)
	})
	blocks(t, p, eve, bob)
	first, err := ada.Posts.GetThread(t.Context(), &postv1.GetThreadRequest{PostId: root, PageSize: 2})
	if err != nil || !slices.Equal(ids(first.GetReplies()), bobs[:2]) {
		t.Errorf("the first page %v, %v, want %v", ids(first.GetReplies()), err, bobs[:2])
	}
	replies := func(u *pulsetest.User) []int64 {
		var got []int64
		for reply, err := range u.AllThreadReplies(t.Context(), &postv1.GetThreadRequest{PostId: root, PageSize: 2}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, reply.GetId())
		}
		return got
	}
	if got := replies(ada); !slices.Equal(got, bobs) {
		t.Errorf("who mutes eve meets %v, want %v", got, bobs)
	}
	if got := replies(bob); !slices.Equal(got, bobs) {
		t.Errorf("whom eve blocks meets %v, want %v", got, bobs)
	}
	clock.advance(2 * time.Minute)
	if got := replies(ada); !slices.Equal(got, all) {
		t.Errorf("after the mute has ended it is %v, want %v", got, all)
	}
}

func write(t *testing.T, u *pulsetest.User, text string, replyTo int64) int64 {
	t.Helper()
	answer, err := u.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: text, ReplyToId: replyTo})
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetPost().GetId()
}

func get(t *testing.T, c *pulse.Client, postID int64) *postv1.Post {
	t.Helper()
	answer, err := c.Posts.GetPost(t.Context(), &postv1.GetPostRequest{PostId: postID})
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetPost()
}

func ids(posts []*postv1.Post) []int64 {
	var ids []int64
	for _, p := range posts {
		ids = append(ids, p.GetId())
	}
	return ids
}
