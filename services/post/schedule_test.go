package post_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// timelineOf answers what somebody has posted, newest first.
func timelineOf(t *testing.T, u *pulsetest.User) []*postv1.Post {
	t.Helper()
	return must[*timelinev1.GetUserTimelineResponse](t)(
		u.Timelines.GetUserTimeline(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: u.ID, PageSize: 100})).GetPosts()
}

func TestScheduledPosts(t *testing.T) {
	t.Parallel()
	clock := new(movableClock)
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now))
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	follow(t, bob, ada)
	parent, gone := publish(t, bob, &postv1.CreatePostRequest{Text: "parent"}).GetId(), publish(t, bob, &postv1.CreatePostRequest{Text: "gone"}).GetId()
	at := timestamppb.New(clock.now().Add(5 * time.Minute))
	schedule := func(text string, replyTo int64, at *timestamppb.Timestamp) *postv1.Draft {
		t.Helper()
		return must[*postv1.CreatePostResponse](t)(ada.Posts.CreatePost(t.Context(),
			&postv1.CreatePostRequest{Text: text, ReplyToId: replyTo, ScheduledTime: at})).GetDraft()
	}
	schedule("on time", parent, at)
	schedule("to what is gone", gone, at)
	later := schedule("put off", 0, at)
	dropped := schedule("dropped", 0, at)
	must[*postv1.DeletePostResponse](t)(bob.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: gone}))
	must[*postv1.DeleteDraftResponse](t)(ada.Posts.DeleteDraft(t.Context(), &postv1.DeleteDraftRequest{DraftId: dropped.GetId()}))
	must[*postv1.UpdateDraftResponse](t)(ada.Posts.UpdateDraft(t.Context(), &postv1.UpdateDraftRequest{
		DraftId: later.GetId(), UpdateMask: mask("scheduled_time"), Post: &postv1.CreatePostRequest{ScheduledTime: timestamppb.New(at.AsTime().Add(time.Hour))},
	}))
	if got := timelineOf(t, ada); len(got) != 0 {
		t.Errorf("%v before the time", got)
	}
	clock.advance(5*time.Minute + time.Second)
	testwait.Until(t, "what is due is published or failed", func() bool {
		return len(timelineOf(t, ada)) == 1 && slices.ContainsFunc(drafts(t, ada), func(d *postv1.Draft) bool { return d.GetFailure() != 0 })
	})
	p.Settle(t)
	post := homeOf(t, bob)[0]
	if post.GetText() != "on time" || post.GetReplyToId() != parent || post.GetCreateTime().AsTime().Before(at.AsTime()) {
		t.Errorf("published %v", post)
	}
	left := drafts(t, ada)
	if len(left) != 2 || left[0].GetId() != later.GetId() || left[0].GetFailure() != 0 {
		t.Fatalf("left are %v, want what was put off and what failed", left)
	}
	failed := left[1]
	if failed.GetFailure() != errorsv1.Reason_REASON_POST_NOT_FOUND || failed.GetPost().GetScheduledTime() != nil || failed.GetPost().GetText() != "to what is gone" {
		t.Errorf("failed %v", failed)
	}
	// Its author mends it and publishes it.
	mended := must[*postv1.UpdateDraftResponse](t)(ada.Posts.UpdateDraft(t.Context(), &postv1.UpdateDraftRequest{
		DraftId: failed.GetId(), Post: &postv1.CreatePostRequest{ReplyToId: parent}, UpdateMask: mask("reply_to_id"),
	})).GetDraft()
	if mended.GetFailure() != 0 {
		t.Errorf("mended %v", mended)
	}
	must[*postv1.PublishDraftResponse](t)(ada.Posts.PublishDraft(t.Context(), &postv1.PublishDraftRequest{DraftId: failed.GetId()}))
	p.Settle(t)
}

// What is scheduled survives a restart, and is not published for an account that is not active.
func TestScheduledPostsAfterARestart(t *testing.T) {
	t.Parallel()
	clock := new(movableClock)
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now))
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	at := timestamppb.New(clock.now().Add(2 * time.Minute))
	for _, who := range []*pulsetest.User{ada, bob} {
		must[*postv1.CreatePostResponse](t)(who.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "later", ScheduledTime: at}))
	}
	p.Stop(t)
	s := elsewhere(t, p, clock.now)
	writeAs(t, s, "identity", func(ctx context.Context, tx *store.Tx) error {
		return tx.Account.UpdateOneID(bob.ID).SetState(1).Exec(ctx)
	})
	clock.advance(time.Hour)
	p.Restart(t, nil)
	reader := s.For("test")
	testwait.Until(t, "ada's is published and bob's is not", func() bool {
		posts, err := reader.Post.Query().All(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		left, err := reader.Draft.Query().All(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(posts) == 1 && posts[0].AuthorID == ada.ID &&
			len(left) == 1 && left[0].AuthorID == bob.ID && left[0].Failure == int32(errorsv1.Reason_REASON_AUTHOR_INACTIVE)
	})
}

// However many processes look for what is due, each post appears once.
func TestScheduledPostsAppearOnce(t *testing.T) {
	t.Parallel()
	clock := new(movableClock)
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now))
	ada := p.User(t, "ada")
	for i := range 40 {
		must[*postv1.CreatePostResponse](t)(ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{
			Text: fmt.Sprint("post ", i), ScheduledTime: timestamppb.New(clock.now().Add(2 * time.Minute)),
		}))
	}
	if c := p.Config(t); !c.Store.Embedded() { // An embedded database belongs to one process.
		for range 2 {
			pulsetest.Start(t, pulsetest.WithClock(clock.now), pulsetest.WithEnv("PULSE_DATABASE_URL", c.Store.DatabaseURL),
				pulsetest.WithEnv("PULSE_REDIS_URL", c.KV.URL), pulsetest.WithEnv("PULSE_NATS_URL", c.Bus.URL))
		}
	}
	clock.advance(3 * time.Minute)
	testwait.Until(t, "all are published", func() bool { return len(drafts(t, ada)) == 0 })
	texts := map[string]int{}
	for _, post := range timelineOf(t, ada) {
		texts[post.GetText()]++
	}
	if len(texts) != 40 || len(timelineOf(t, ada)) != 40 {
		t.Errorf("%d posts with %d texts, want 40", len(timelineOf(t, ada)), len(texts))
	}
	p.Settle(t)
}
