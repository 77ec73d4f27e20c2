package messaging_test

import (
	"errors"
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testmain"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestMain(m *testing.M) { testmain.Run(m) }

// must answers what a call answered.
func must[T any](t *testing.T) func(T, error) T {
	return func(answer T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
}

// wantReason fails unless a call was refused for that reason.
func wantReason(t *testing.T, what string, err error, want errorsv1.Reason) {
	t.Helper()
	if got := pulse.ReasonOf(err); got != want || err == nil {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// open begins a direct conversation, and answers its id.
func open(t *testing.T, who, with *pulsetest.User) int64 {
	t.Helper()
	answer, err := who.Messaging.OpenDirectConversation(t.Context(), &messagingv1.OpenDirectConversationRequest{UserId: with.ID})
	return must[*messagingv1.OpenDirectConversationResponse](t)(answer, err).GetConversation().GetId()
}

// form makes a group, all of whose members have accepted it, and answers its id.
func form(t *testing.T, owner *pulsetest.User, others ...*pulsetest.User) int64 {
	t.Helper()
	req := &messagingv1.CreateGroupRequest{Title: "the group"}
	for _, other := range others {
		req.UserIds = append(req.UserIds, other.ID)
	}
	answer := must[*messagingv1.CreateGroupResponse](t)(owner.Messaging.CreateGroup(t.Context(), req))
	if refused := answer.GetRefusedUserIds(); len(refused) > 0 {
		t.Fatalf("%v were refused", refused)
	}
	id := answer.GetConversation().GetId()
	for _, other := range others {
		accept(t, other, id)
	}
	return id
}

func accept(t *testing.T, who *pulsetest.User, conversationID int64) {
	t.Helper()
	must[*messagingv1.AcceptConversationResponse](t)(who.Messaging.AcceptConversation(t.Context(), &messagingv1.AcceptConversationRequest{ConversationId: conversationID}))
}

// say sends a message.
func say(t *testing.T, who *pulsetest.User, conversationID int64, text string) *messagingv1.Message {
	t.Helper()
	answer, err := who.Messaging.SendMessage(t.Context(), &messagingv1.SendMessageRequest{ConversationId: conversationID, Text: text})
	return must[*messagingv1.SendMessageResponse](t)(answer, err).GetMessage()
}

// trySay answers how sending a message went.
func trySay(t *testing.T, who *pulsetest.User, conversationID int64) error {
	t.Helper()
	_, err := who.Messaging.SendMessage(t.Context(), &messagingv1.SendMessageRequest{ConversationId: conversationID, Text: "hello"})
	return err
}

// history answers what somebody sees of a conversation, newest first.
func history(t *testing.T, who *pulsetest.User, conversationID int64) []*messagingv1.Message {
	t.Helper()
	var all []*messagingv1.Message
	for m, err := range who.AllMessages(t.Context(), &messagingv1.ListMessagesRequest{ConversationId: conversationID, PageSize: 7}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// get answers a conversation as somebody has it.
func get(t *testing.T, who *pulsetest.User, conversationID int64) *messagingv1.Conversation {
	t.Helper()
	answer, err := who.Messaging.GetConversation(t.Context(), &messagingv1.GetConversationRequest{ConversationId: conversationID})
	return must[*messagingv1.GetConversationResponse](t)(answer, err).GetConversation()
}

// list answers a folder of somebody's.
func list(t *testing.T, who *pulsetest.User, folder messagingv1.Folder) []int64 {
	t.Helper()
	ids := []int64{}
	for c, err := range who.AllConversations(t.Context(), &messagingv1.ListConversationsRequest{Folder: folder, PageSize: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.GetId())
	}
	return ids
}

func block(t *testing.T, who, whom *pulsetest.User) {
	t.Helper()
	must[*graphv1.BlockUserResponse](t)(who.Graph.BlockUser(t.Context(), &graphv1.BlockUserRequest{UserId: whom.ID}))
}

func follow(t *testing.T, who, whom *pulsetest.User) {
	t.Helper()
	must[*graphv1.FollowResponse](t)(who.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: whom.ID}))
}

// wants sets who may begin a conversation with somebody.
func wants(t *testing.T, who *pulsetest.User, audience messagingv1.MessageAudience) {
	t.Helper()
	answer, err := who.Messaging.UpdateMessagingSettings(t.Context(), &messagingv1.UpdateMessagingSettingsRequest{
		Settings: &messagingv1.MessagingSettings{Audience: audience},
	})
	must[*messagingv1.UpdateMessagingSettingsResponse](t)(answer, err)
}

// told is what a failure tells, but for the id of its request.
func told(err error) string {
	failure, ok := errors.AsType[*pulse.Error](err)
	if !ok {
		return ""
	}
	return failure.Reason.String() + " " + failure.Message
}

// strangers says that nothing of a conversation is there for somebody, byte for byte as nothing is of one that never was.
func strangers(t *testing.T, who *pulsetest.User, conversationID, messageID int64) {
	t.Helper()
	const never = 7
	for name, call := range map[string]func(conversationID, messageID int64) error{
		"GetConversation": func(c, _ int64) error {
			_, err := who.Messaging.GetConversation(t.Context(), &messagingv1.GetConversationRequest{ConversationId: c})
			return err
		},
		"ListMessages": func(c, _ int64) error {
			_, err := who.Messaging.ListMessages(t.Context(), &messagingv1.ListMessagesRequest{ConversationId: c})
			return err
		},
		"ListMembers": func(c, _ int64) error {
			_, err := who.Messaging.ListMembers(t.Context(), &messagingv1.ListMembersRequest{ConversationId: c})
			return err
		},
		"SendMessage": func(c, _ int64) error { return trySay(t, who, c) },
		"MarkRead": func(c, _ int64) error {
			_, err := who.Messaging.MarkRead(t.Context(), &messagingv1.MarkReadRequest{ConversationId: c, Sequence: 1})
			return err
		},
		"LeaveConversation": func(c, _ int64) error {
			_, err := who.Messaging.LeaveConversation(t.Context(), &messagingv1.LeaveConversationRequest{ConversationId: c})
			return err
		},
		"EditMessage": func(_, m int64) error {
			_, err := who.Messaging.EditMessage(t.Context(), &messagingv1.EditMessageRequest{MessageId: m, Text: "other"})
			return err
		},
		"AddReaction": func(_, m int64) error {
			_, err := who.Messaging.AddReaction(t.Context(), &messagingv1.AddReactionRequest{MessageId: m, Emoji: "👍"})
			return err
		},
		"ListReactions": func(_, m int64) error {
			_, err := who.Messaging.ListReactions(t.Context(), &messagingv1.ListReactionsRequest{MessageId: m})
			return err
		},
	} {
		hidden, absent := call(conversationID, messageID), call(never, never)
		if told(hidden) == "" || told(hidden) != told(absent) {
			t.Errorf("%s: %v, want %v", name, hidden, absent)
		}
	}
	batch := must[*messagingv1.BatchGetMessagesResponse](t)(who.Messaging.BatchGetMessages(t.Context(), &messagingv1.BatchGetMessagesRequest{MessageIds: []int64{messageID}}))
	if len(batch.GetMessages()) > 0 {
		t.Errorf("a message is told: %v", batch)
	}
	conversations := must[*messagingv1.BatchGetConversationsResponse](t)(who.Messaging.BatchGetConversations(t.Context(), &messagingv1.BatchGetConversationsRequest{ConversationIds: []int64{conversationID}}))
	if len(conversations.GetConversations()) > 0 {
		t.Errorf("a conversation is told: %v", conversations)
	}
}
