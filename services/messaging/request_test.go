package messaging_test

import (
	"slices"
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func decline(t *testing.T, who *pulsetest.User, id int64) error {
	t.Helper()
	_, err := who.Messaging.DeclineConversation(t.Context(), &messagingv1.DeclineConversationRequest{ConversationId: id})
	return err
}

func TestAStrangerAsksFirst(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	id := open(t, ada, bob)
	for range 3 {
		say(t, ada, id, "please")
	}
	if got := must[*messagingv1.GetUnreadCountsResponse](t)(bob.Messaging.GetUnreadCounts(t.Context(), &messagingv1.GetUnreadCountsRequest{})); got.GetRequests() != 1 || got.GetUnreadConversations() != 0 {
		t.Errorf("bob is told of %v", got)
	}
	// Nobody is told that he reads.
	must[*messagingv1.MarkReadResponse](t)(bob.Messaging.MarkRead(t.Context(), &messagingv1.MarkReadRequest{ConversationId: id, Sequence: 3}))
	for m, err := range ada.AllMembers(t.Context(), &messagingv1.ListMembersRequest{ConversationId: id}) {
		if err != nil || m.GetUser().GetId() == bob.ID && m.GetReadSequence() != 0 {
			t.Errorf("ada sees %v, %v", m, err)
		}
	}
	if err := decline(t, bob, id); err != nil {
		t.Fatal(err)
	}
	strangers(t, bob, id, get(t, ada, id).GetLastMessage().GetId())
	wantReason(t, "decline again", decline(t, bob, id), errorsv1.Reason_REASON_CONVERSATION_NOT_FOUND)
	say(t, ada, id, "pretty please")
	if got := events(history(t, bob, id)); got != "pretty please" {
		t.Errorf("what was declined is back: %s", got)
	}
	say(t, ada, id, "the fifth")
	wantReason(t, "the sixth", trySay(t, ada, id), errorsv1.Reason_REASON_REQUEST_PENDING)
	if got := get(t, ada, id).GetLastSequence(); got != 5 {
		t.Errorf("%d messages, want 5", got)
	}
	accept(t, bob, id)
	accept(t, bob, id)
	say(t, ada, id, "the sixth")
	wantReason(t, "decline what was accepted", decline(t, bob, id), errorsv1.Reason_REASON_CONVERSATION_ACCEPTED)
	if got := list(t, bob, messagingv1.Folder_FOLDER_INBOX); !slices.Equal(got, []int64{id}) {
		t.Errorf("bob's inbox has %v", got)
	}
	p.Settle(t)
}

func TestWhoMayBeginAConversation(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, friend := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "friend")
	follow(t, bob, friend)
	tryOpen := func(who *pulsetest.User) error {
		_, err := who.Messaging.OpenDirectConversation(t.Context(), &messagingv1.OpenDirectConversationRequest{UserId: bob.ID})
		return err
	}
	if got := must[*messagingv1.GetMessagingSettingsResponse](t)(bob.Messaging.GetMessagingSettings(t.Context(), &messagingv1.GetMessagingSettingsRequest{})); got.GetSettings().GetAudience() != messagingv1.MessageAudience_MESSAGE_AUDIENCE_REQUESTS {
		t.Errorf("at first: %v", got)
	}
	wants(t, bob, messagingv1.MessageAudience_MESSAGE_AUDIENCE_NOBODY)
	wantReason(t, "nobody may", tryOpen(friend), errorsv1.Reason_REASON_MESSAGE_NOT_ALLOWED)
	wants(t, bob, messagingv1.MessageAudience_MESSAGE_AUDIENCE_FOLLOWED)
	wantReason(t, "a stranger", tryOpen(ada), errorsv1.Reason_REASON_MESSAGE_NOT_ALLOWED)
	id := open(t, friend, bob)
	say(t, friend, id, "hi")
	if got := get(t, bob, id).GetViewer().GetFolder(); got != messagingv1.Folder_FOLDER_INBOX {
		t.Errorf("from somebody whom bob follows it lies in %v", got)
	}
	wants(t, bob, messagingv1.MessageAudience_MESSAGE_AUDIENCE_EVERYONE)
	other := open(t, ada, bob)
	say(t, ada, other, "hi")
	if got := get(t, bob, other).GetViewer().GetFolder(); got != messagingv1.Folder_FOLDER_INBOX {
		t.Errorf("from everyone it lies in %v", got)
	}
	// What was accepted goes on.
	wants(t, bob, messagingv1.MessageAudience_MESSAGE_AUDIENCE_NOBODY)
	say(t, ada, other, "still there?")
	if got := must[*messagingv1.GetMessagingSettingsResponse](t)(bob.Messaging.GetMessagingSettings(t.Context(), &messagingv1.GetMessagingSettingsRequest{})); got.GetSettings().GetAudience() != messagingv1.MessageAudience_MESSAGE_AUDIENCE_NOBODY {
		t.Errorf("now: %v", got)
	}
	// What was not, does not.
	wants(t, bob, messagingv1.MessageAudience_MESSAGE_AUDIENCE_REQUESTS)
	eve := p.User(t, "eve")
	asked := open(t, eve, bob)
	say(t, eve, asked, "psst")
	wants(t, bob, messagingv1.MessageAudience_MESSAGE_AUDIENCE_FOLLOWED)
	wantReason(t, "a request goes on", trySay(t, eve, asked), errorsv1.Reason_REASON_MESSAGE_NOT_ALLOWED)
	for _, audience := range []messagingv1.MessageAudience{0, 9} {
		_, err := bob.Messaging.UpdateMessagingSettings(t.Context(), &messagingv1.UpdateMessagingSettingsRequest{Settings: &messagingv1.MessagingSettings{Audience: audience}})
		wantReason(t, audience.String(), err, errorsv1.Reason_REASON_INVALID_REQUEST)
	}
}

func TestABlockEndsAConversationOfTwo(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob := p.User(t, "ada"), p.User(t, "bob")
	id := open(t, ada, bob)
	mine := say(t, ada, id, "hello")
	say(t, bob, id, "hi")
	block(t, bob, ada)
	for _, who := range []*pulsetest.User{ada, bob} {
		wantReason(t, who.Handle+" writes", trySay(t, who, id), errorsv1.Reason_REASON_MESSAGE_NOT_ALLOWED)
		if got := events(history(t, who, id)); got != "hello; hi" {
			t.Errorf("%s sees %q", who.Handle, got)
		}
		_, err := who.Messaging.AddReaction(t.Context(), &messagingv1.AddReactionRequest{MessageId: mine.GetId(), Emoji: "👍"})
		wantReason(t, who.Handle+" reacts", err, errorsv1.Reason_REASON_MESSAGE_NOT_ALLOWED)
	}
	_, err := ada.Messaging.EditMessage(t.Context(), &messagingv1.EditMessageRequest{MessageId: mine.GetId(), Text: "goodbye"})
	wantReason(t, "ada edits", err, errorsv1.Reason_REASON_MESSAGE_NOT_ALLOWED)
	if c := get(t, ada, id); c.GetPeer() != nil {
		t.Errorf("ada sees %v", c.GetPeer())
	}
	_, err = ada.Messaging.OpenDirectConversation(t.Context(), &messagingv1.OpenDirectConversationRequest{UserId: bob.ID})
	wantReason(t, "ada opens", err, errorsv1.Reason_REASON_USER_NOT_FOUND)
	if got := open(t, bob, ada); got != id {
		t.Errorf("bob opens %d", got)
	}
	p.Settle(t)
}
