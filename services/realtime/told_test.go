package realtime_test

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// told answers the post that the next durable item tells.
func (e *events) told() *postv1.Post {
	e.t.Helper()
	event := e.durable()
	if event.GetTimelinePost() == nil {
		e.t.Fatalf("came %v, want a post", event)
	}
	return event.GetTimelinePost().GetPost()
}

// One read serves all who are told of a post in the same moment, and each is told it as it is, and as theirs.
func TestEachIsToldAPostAsTheirs(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve := newPerson(t, p, "ada"), newPerson(t, p, "bob"), newPerson(t, p, "eve")
	bob.follow(t, ada)
	eve.follow(t, ada)
	p.Settle(t)
	bobs, eves := bob.subscribe(t, "").opened(), eve.subscribe(t, "").opened()
	before := bobs.cursor
	post := ada.post(t, "hello")
	for _, stream := range []*events{bobs, eves} {
		if told := stream.told(); told.GetId() != post || told.GetText() != "hello" || told.GetViewer() == nil || told.GetViewer().GetLiked() {
			t.Fatalf("came %v, want what nobody likes yet", told)
		}
	}
	must[*postv1.LikePostResponse](t)(bob.Posts.LikePost(t.Context(), &postv1.LikePostRequest{PostId: post}))
	must[*postv1.BookmarkPostResponse](t)(bob.Posts.BookmarkPost(t.Context(), &postv1.BookmarkPostRequest{PostId: post}))
	if told := bob.subscribe(t, before).opened().told(); !told.GetViewer().GetLiked() || !told.GetViewer().GetBookmarked() || told.GetViewer().GetReposted() {
		t.Errorf("who likes and keeps it is told %v", told.GetViewer())
	}
	must[*postv1.EditPostResponse](t)(ada.Posts.EditPost(t.Context(), &postv1.EditPostRequest{
		PostId: post, Text: "goodbye", UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"text"}},
	}))
	if told := bob.subscribe(t, before).opened().told(); told.GetText() != "goodbye" {
		t.Errorf("told %q after it was edited", told.GetText())
	}
	must[*userv1.UpdateProfileResponse](t)(ada.Users.UpdateProfile(t.Context(), &userv1.UpdateProfileRequest{
		Profile: &userv1.Profile{DisplayName: "Ada L."}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"display_name"}},
	}))
	testwait.Until(t, "the author's new name is told", func() bool {
		stream := bob.subscribe(t, before).opened()
		defer stream.close()
		return stream.told().GetAuthor().GetDisplayName() == "Ada L."
	})
}

// What a post shows of another is told to each as far as they may see that.
func TestAQuoteIsToldAsFarAsOneMaySeeIt(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve, mia := newPerson(t, p, "ada"), newPerson(t, p, "bob"), newPerson(t, p, "eve"), newPerson(t, p, "mia")
	bob.follow(t, ada)
	eve.follow(t, ada)
	must[*graphv1.BlockUserResponse](t)(mia.Graph.BlockUser(t.Context(), &graphv1.BlockUserRequest{UserId: eve.ID}))
	quoted := mia.post(t, "between us")
	p.Settle(t)
	bobs, eves := bob.subscribe(t, "").opened(), eve.subscribe(t, "").opened()
	post := ada.quote(t, quoted, "look")
	if told := bobs.told(); told.GetId() != post || told.GetQuote().GetText() != "between us" {
		t.Errorf("who may see what is quoted is told %v", told)
	}
	if told := eves.told(); told.GetId() != post || told.GetQuote() != nil || !told.GetQuoteUnavailable() {
		t.Errorf("who is blocked by its author is told %v", told)
	}
}

// said answers the next message that is told, be it new or changed.
func (e *events) said() *messagingv1.Message {
	e.t.Helper()
	for {
		event := e.durable()
		if message := cmp.Or(event.GetMessageSent(), event.GetMessageChanged()); message != nil {
			return message
		}
	}
}

// One read serves all who are told of a message in the same moment, and each is told it as they see it: who sent it finds their own
// id in it, those across a block find nothing of each other, and everybody their own reactions.
func TestEachIsToldAMessageAsTheirs(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve, group := threeInAGroup(t, p)
	must[*graphv1.BlockUserResponse](t)(eve.Graph.BlockUser(t.Context(), &graphv1.BlockUserRequest{UserId: bob.ID}))
	p.Settle(t)
	adas, bobs, eves := ada.subscribe(t, "").opened(), bob.subscribe(t, "").opened(), eve.subscribe(t, "").opened()
	react := func(by *person, message int64) {
		t.Helper()
		must[*messagingv1.AddReactionResponse](t)(by.Messaging.AddReaction(t.Context(), &messagingv1.AddReactionRequest{MessageId: message, Emoji: "👍"}))
	}
	wantReaction := func(who string, m *messagingv1.Message, reacted bool) {
		t.Helper()
		if r := m.GetReactions(); len(r) != 1 || r[0].GetEmoji() != "👍" || r[0].GetCount() != 1 || r[0].GetReacted() != reacted {
			t.Errorf("%s is told %v, want one reaction, of their own: %t", who, r, reacted)
		}
	}
	wantNothing := func(m *messagingv1.Message) {
		t.Helper()
		if !m.GetUnavailable() || m.GetText() != "" || m.GetSender() != nil || m.GetClientId() != "" || len(m.GetReactions()) > 0 {
			t.Errorf("who blocks the sender is told %v, want that there is a message, and nothing of it", m)
		}
	}

	bobSays := must[*messagingv1.SendMessageResponse](t)(bob.Messaging.SendMessage(t.Context(), &messagingv1.SendMessageRequest{
		ConversationId: group, Text: "a canary for eve", ClientId: "bobs-own",
	})).GetMessage().GetId()
	if m := bobs.said(); m.GetId() != bobSays || m.GetClientId() != "bobs-own" || m.GetSender().GetId() != bob.ID {
		t.Errorf("who sent it is told %v", m)
	}
	if m := adas.said(); m.GetText() != "a canary for eve" || m.GetClientId() != "" || m.GetSender().GetHandle() != "bob" || len(m.GetReactions()) > 0 {
		t.Errorf("who reads it is told %v", m)
	}
	wantNothing(eves.said())
	react(ada, bobSays)
	wantReaction("ada", adas.said(), true)
	wantReaction("bob", bobs.said(), false)
	wantNothing(eves.said())

	adaSays := ada.say(t, group, "hello")
	for _, stream := range []*events{adas, bobs, eves} {
		if m := stream.said(); m.GetId() != adaSays || m.GetText() != "hello" {
			t.Errorf("came %v, want what ada says", m)
		}
	}
	react(bob, adaSays)
	wantReaction("ada", adas.said(), false)
	wantReaction("bob", bobs.said(), true)
	if m := eves.said(); m.GetId() != adaSays || m.GetText() != "hello" || len(m.GetReactions()) > 0 {
		t.Errorf("who blocks the one who reacts is told %v, want the message without the reaction", m)
	}
}

// notified answers the notifications that are told before a post of one's own, by id.
func (e *events) notified(until int64) map[int64]*notificationv1.Notification {
	e.t.Helper()
	told := map[int64]*notificationv1.Notification{}
	for {
		event := e.durable()
		if n := event.GetNotification(); n != nil {
			told[n.GetId()] = n
		}
		if event.GetTimelinePost().GetPost().GetId() == until {
			return told
		}
	}
}

// One read serves all who are notified in the same moment, and each is told what the list of their own notifications says by then,
// and of nobody else's.
func TestEachIsToldTheirNotifications(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve, group := threeInAGroup(t, p)
	cat, dan := newPerson(t, p, "cat"), newPerson(t, p, "dan")
	adasPost := ada.post(t, "mine")
	p.Settle(t)
	all := []*person{ada, bob, cat, eve}
	cursors := map[*person]string{}
	for _, person := range all {
		stream := person.subscribe(t, "").opened()
		cursors[person] = stream.cursor
		stream.close()
	}

	mention := bob.post(t, "canary for @ada, @cat and @eve")
	quote := cat.quote(t, adasPost, "see there")
	for _, by := range []*person{bob, cat, dan} {
		must[*postv1.LikePostResponse](t)(by.Posts.LikePost(t.Context(), &postv1.LikePostRequest{PostId: adasPost}))
	}
	dan.follow(t, cat)
	ada.say(t, group, "hello")
	bob.say(t, group, "hello too")
	p.Settle(t)
	must[*graphv1.BlockUserResponse](t)(eve.Graph.BlockUser(t.Context(), &graphv1.BlockUserRequest{UserId: bob.ID}))
	must[*messagingv1.RemoveMemberResponse](t)(ada.Messaging.RemoveMember(t.Context(), &messagingv1.RemoveMemberRequest{
		ConversationId: group, UserId: bob.ID,
	}))
	p.Suspend(t, "dan")
	fences := map[*person]int64{}
	for _, person := range all {
		fences[person] = person.post(t, "that is all")
	}
	p.Settle(t)

	streams := map[*person]*events{}
	for _, person := range all {
		streams[person] = person.subscribe(t, cursors[person])
	}
	got := map[*person]map[int64]*notificationv1.Notification{}
	kinds := map[string][]string{}
	for _, person := range all {
		got[person] = streams[person].notified(fences[person])
		want := must[*notificationv1.ListNotificationsResponse](t)(person.Notifications.ListNotifications(t.Context(), &notificationv1.ListNotificationsRequest{})).GetNotifications()
		// They followed each other before, and who follows now may not be seen.
		want = slices.DeleteFunc(want, func(n *notificationv1.Notification) bool {
			return n.GetKind() == notificationv1.NotificationKind_NOTIFICATION_KIND_FOLLOW
		})
		for _, n := range want {
			if told := got[person][n.GetId()]; !proto.Equal(told, n) {
				t.Errorf("%s is told\n%v, and the list says\n%v", person.Handle, told, n)
			}
			kinds[person.Handle] = append(kinds[person.Handle], strings.TrimPrefix(n.GetKind().String(), "NOTIFICATION_KIND_"))
		}
		if len(got[person]) != len(want) {
			t.Errorf("%s is told of %d, and the list has %d", person.Handle, len(got[person]), len(want))
		}
		slices.Sort(kinds[person.Handle])
	}
	want := map[string][]string{"ada": {"LIKE", "MENTION", "MESSAGE", "QUOTE"}, "cat": {"MENTION"}, "eve": {"MESSAGE"}}
	if !maps.EqualFunc(kinds, want, slices.Equal) {
		t.Errorf("notified of %v, want %v", kinds, want)
	}
	for _, n := range got[ada] {
		switch n.GetKind() { //nolint:exhaustive // Of those that are about posts.
		case notificationv1.NotificationKind_NOTIFICATION_KIND_LIKE:
			if n.GetPostId() != adasPost || n.GetActorCount() != 2 || n.GetActors()[0].GetHandle() != "cat" {
				t.Errorf("who wrote it is told of likes %v, want those of cat and bob", n)
			}
		case notificationv1.NotificationKind_NOTIFICATION_KIND_MENTION:
			if n.GetActorPostId() != mention {
				t.Errorf("who is mentioned is told %v", n)
			}
		case notificationv1.NotificationKind_NOTIFICATION_KIND_QUOTE:
			if n.GetActorPostId() != quote || n.GetPostId() != adasPost {
				t.Errorf("who is quoted is told %v", n)
			}
		}
	}
}
