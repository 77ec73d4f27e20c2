package realtime_test

import (
	"testing"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// What came while nobody was connected is seen as it is when it is told: nobody is told what they may not see by then.
func TestOnlyWhatOneMaySeeByThenIsTold(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, reader, author *person, post int64){
		"blocked by": func(t *testing.T, reader, author *person, _ int64) {
			must[*graphv1.BlockUserResponse](t)(author.Graph.BlockUser(t.Context(), &graphv1.BlockUserRequest{UserId: reader.ID}))
		},
		"blocks": func(t *testing.T, reader, author *person, _ int64) {
			must[*graphv1.BlockUserResponse](t)(reader.Graph.BlockUser(t.Context(), &graphv1.BlockUserRequest{UserId: author.ID}))
		},
		"unfollowed": func(t *testing.T, reader, author *person, _ int64) {
			must[*graphv1.UnfollowResponse](t)(reader.Graph.Unfollow(t.Context(), &graphv1.UnfollowRequest{UserId: author.ID}))
		},
		"muted": func(t *testing.T, reader, author *person, _ int64) {
			must[*graphv1.MuteUserResponse](t)(reader.Graph.MuteUser(t.Context(), &graphv1.MuteUserRequest{UserId: author.ID}))
		},
		"deleted": func(t *testing.T, _, author *person, post int64) {
			must[*postv1.DeletePostResponse](t)(author.Posts.DeletePost(t.Context(), &postv1.DeletePostRequest{PostId: post}))
		},
		"suspended": func(t *testing.T, _, author *person, _ int64) { author.p.Suspend(t, author.Handle) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := pulsetest.Start(t)
			reader, author, other := newPerson(t, p, "reader"), newPerson(t, p, "author"), newPerson(t, p, "other")
			reader.follow(t, author, other)
			before := reader.subscribe(t, "").opened()
			first := other.post(t, "first")
			before.wantPost(first)
			before.close()
			canary := author.post(t, "canary")
			p.Settle(t)
			end(t, reader, author, canary)
			last := other.post(t, "last")
			reader.subscribe(t, before.cursor).opened().wantPost(last)
		})
	}
}

func TestMessagesComeInOrderToThoseWhoTakePart(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve, group := threeInAGroup(t, p)
	p.Settle(t)
	bobs, eves := bob.subscribe(t, "").opened(), eve.subscribe(t, "").opened()
	var want []int64
	for _, text := range []string{"one", "two", "three"} {
		want = append(want, ada.say(t, group, text))
	}
	for _, stream := range []*events{bobs, eves} {
		for _, message := range want {
			stream.wantMessage(message)
		}
	}
	must[*messagingv1.RemoveMemberResponse](t)(ada.Messaging.RemoveMember(t.Context(), &messagingv1.RemoveMemberRequest{
		ConversationId: group, UserId: eve.ID,
	}))
	after := ada.say(t, group, "canary for eve")
	for event := bobs.durable(); event.GetMessageSent().GetId() != after; event = bobs.durable() {
	}
	for event := eves.durable(); event.GetConversationLeft().GetConversationId() != group; event = eves.durable() {
		if event.GetMessageSent().GetId() == after {
			t.Fatal("eve was told a message from after she was removed")
		}
	}
	p.Settle(t)
	mine := eve.post(t, "a post of eve's own")
	eves.wantPost(mine)
}

func TestNotificationsComeAndAreRead(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := newPerson(t, p, "ada"), newPerson(t, p, "bob")
	stream := ada.subscribe(t, "").opened()
	bob.follow(t, ada)
	event := stream.durable()
	if event.GetNotification().GetId() == 0 {
		t.Fatalf("came %v, want a notification", event)
	}
	must[*notificationv1.MarkAllNotificationsReadResponse](t)(ada.Notifications.MarkAllNotificationsRead(t.Context(), markAll))
	if event := stream.durable(); event.GetNotificationsRead() == nil || event.GetNotificationsRead().GetUnreadCount() != 0 {
		t.Fatalf("came %v, want that none is unread", event)
	}
}

func TestStreamsEndWithTheirSession(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, eve := newPerson(t, p, "ada"), newPerson(t, p, "eve")
	mine, others := ada.subscribe(t, "").opened(), eve.subscribe(t, "").opened()
	if err := ada.LogOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	if reason := reasonOf(mine.ended()); reason != "SESSION_REVOKED" {
		t.Errorf("the stream ended for %q, want SESSION_REVOKED", reason)
	}
	p.Suspend(t, "eve")
	if reason := reasonOf(others.ended()); reason != "SESSION_REVOKED" {
		t.Errorf("the stream of somebody suspended ended for %q, want SESSION_REVOKED", reason)
	}
}
