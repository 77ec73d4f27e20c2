package notification_test

import (
	"testing"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// Each of the things that people do with posts and with each other tells whom it concerns, once.
func TestPeopleAreNotifiedOfWhatConcernsThem(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	hello := write(t, ada, "hello")
	other := write(t, ada, "other")
	follow(t, bob, ada)
	p.Settle(t)
	like(t, bob, hello)
	like(t, ada, hello) // Nobody is notified of their own doings.
	p.Settle(t)
	repost(t, bob, hello)
	p.Settle(t)
	reply := post(t, bob, &postv1.CreatePostRequest{Text: "@ada hi", ReplyToId: hello, QuoteOfId: other})
	p.Settle(t)
	quote := post(t, bob, &postv1.CreatePostRequest{Text: "look, @ada", QuoteOfId: hello})
	p.Settle(t)
	mention := write(t, bob, "@ada and @eve")
	expect(t, "ada", listed(t, p, ada),
		by(&notificationv1.Notification{Kind: mentions, ActorPostId: mention}, bob),
		by(&notificationv1.Notification{Kind: quotes, PostId: hello, ActorPostId: quote}, bob),
		by(&notificationv1.Notification{Kind: replies, PostId: hello, ActorPostId: reply}, bob),
		by(&notificationv1.Notification{Kind: reposts, PostId: hello}, bob),
		by(&notificationv1.Notification{Kind: likes, PostId: hello}, bob),
		by(&notificationv1.Notification{Kind: follows}, bob),
	)
	expect(t, "eve", listed(t, p, eve), by(&notificationv1.Notification{Kind: mentions, ActorPostId: mention}, bob))
	expect(t, "bob", listed(t, p, bob))
	if got := unread(t, ada); got != 6 {
		t.Errorf("ada has %d unread, want 6", got)
	}
	expect(t, "only replies and quotes", list(t, ada, &notificationv1.ListNotificationsRequest{Kinds: []notificationv1.NotificationKind{replies, quotes}}),
		by(&notificationv1.Notification{Kind: quotes, PostId: hello, ActorPostId: quote}, bob),
		by(&notificationv1.Notification{Kind: replies, PostId: hello, ActorPostId: reply}, bob),
	)
	p.Restart(t, nil)
	ada.Client = signIn(t, p, ada)
	if got := unread(t, ada); got != 6 {
		t.Errorf("after a restart ada has %d unread, want 6", got)
	}
}

// A request to follow is told to whom it is for, until it is approved; that it was, to who asked.
func TestFollowRequestsAreToldToBothSides(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve")
	setPrivate(t, ada)
	follow(t, bob, ada)
	p.Settle(t)
	follow(t, eve, ada)
	expect(t, "asked", listed(t, p, ada), by(&notificationv1.Notification{Kind: requests}, eve, bob))
	_, err := ada.Graph.ApproveFollowRequest(t.Context(), &graphv1.ApproveFollowRequestRequest{UserId: bob.ID})
	must(t, err)
	_, err = eve.Graph.Unfollow(t.Context(), &graphv1.UnfollowRequest{UserId: ada.ID})
	must(t, err)
	expect(t, "approved", listed(t, p, ada), by(&notificationv1.Notification{Kind: follows}, bob))
	expect(t, "who asked", listed(t, p, bob), by(&notificationv1.Notification{Kind: followApproved}, ada))
	expect(t, "who took it back", listed(t, p, eve))
}

// An edit that mentions somebody tells them; one that does not any more takes it back.
func TestEditsMentionAnew(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	said := write(t, ada, "nobody")
	edit := func(text string) {
		t.Helper()
		_, err := ada.Posts.EditPost(t.Context(), editOf(said, text))
		must(t, err)
	}
	expect(t, "not mentioned", listed(t, p, bob))
	edit("@bob")
	mentioned := by(&notificationv1.Notification{Kind: mentions, ActorPostId: said}, ada)
	expect(t, "mentioned", listed(t, p, bob), mentioned)
	edit("@bob!")
	expect(t, "still mentioned", listed(t, p, bob), mentioned)
	edit("nobody again")
	expect(t, "not mentioned any more", listed(t, p, bob))
	edit("@bob again")
	expect(t, "mentioned again", listed(t, p, bob), mentioned)
	_, err := ada.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: said})
	must(t, err)
	expect(t, "deleted", listed(t, p, bob))
	if got := sequences(t, database(t, p), bob); len(got) != 1 {
		t.Errorf("bob was notified %d times, want once", len(got))
	}
}
