package apitest_test

import (
	"maps"
	"testing"

	"google.golang.org/protobuf/proto"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/gen/pulse/messaging/v1/messagingv1connect"
	optionsv1 "github.com/pulse-social/pulse/gen/pulse/options/v1"
)

func init() { maps.Copy(recipes, messagingRecipes) }

// former is a conversation that the actor was removed from, or a message of it.
const former = "former"

// A talk is a group and a message in it.
type talk struct{ conversation, message int64 }

// host answers somebody who is in no cell, and in whose groups others are or were.
func (c *cast) host(t *testing.T) *person {
	t.Helper()
	if c.talkHost == nil {
		// What is said where no caller takes part is the same everywhere: each text costs a search of all answers and logs.
		c.talkHost, c.talkText = c.fresh(t), c.canaries.restricted(nil)
	}
	return c.talkHost
}

// talkID answers the conversation or message that the cell's request names.
func (x cell) talkID(t *testing.T, c *cast) int64 {
	t.Helper()
	found := c.talkOf(t, c.caller(x), x.object, x.recipe.uses && x.succeeds())
	if x.policy.GetObject() == optionsv1.ObjectKind_OBJECT_KIND_MESSAGE {
		return found.message
	}
	return found.conversation
}

// talkOf answers a talk of somebody's, that somebody was removed from, or that is another's; anew is for one that is used up.
func (c *cast) talkOf(t *testing.T, who *person, object string, anew bool) talk {
	t.Helper()
	key := object + " of " + who.handle
	if kept, ok := c.talks[key]; ok && !anew {
		return kept
	}
	made, host := talk{absentID, absentID}, c.host(t)
	switch object {
	case own:
		// Of callers who have no session, nobody's will do.
		made = c.begin(t, who, "said by somebody", host.id)
	case former:
		made = c.begin(t, host, c.talkText, who.id)
		_, err := host.Messaging.RemoveMember(t.Context(), &messagingv1.RemoveMemberRequest{ConversationId: made.conversation, UserId: who.id})
		if err != nil && who.id != c.people[banned].id { // Who was never added is as much of a stranger.
			t.Fatal(err)
		}
	case another:
		made = c.begin(t, host, c.talkText)
	}
	if c.talks == nil {
		c.talks = map[string]talk{}
	}
	if !anew { // What is used up serves nobody else.
		c.talks[key] = made
	}
	return made
}

// begin makes a group of people in which its owner says something.
func (c *cast) begin(t *testing.T, who *person, text string, others ...int64) talk {
	t.Helper()
	group, err := who.Messaging.CreateGroup(t.Context(), &messagingv1.CreateGroupRequest{UserIds: others})
	if err != nil {
		return talk{absentID, absentID}
	}
	id := group.GetConversation().GetId()
	said, err := who.Messaging.SendMessage(t.Context(), &messagingv1.SendMessageRequest{ConversationId: id, Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return talk{id, said.GetMessage().GetId()}
}

// used is a recipe that uses the object up.
func used(request func(c *cast, id int64) proto.Message) recipe {
	return recipe{request: func(c *cast, _ cell, id int64) proto.Message { return request(c, id) }, uses: true}
}

// formerly answers a talk that a cell's actor was removed from, when another cell has made one.
func (c *cast) formerly(x cell) talk {
	if kept, ok := c.talks[former+" of "+c.caller(x).handle]; ok {
		return kept
	}
	return talk{absentID, absentID}
}

// tellsNothing fails when a batch tells what its caller takes no part in any more.
func tellsNothing(t *testing.T, _ *cast, x cell, answer proto.Message) {
	t.Helper()
	if proto.Size(answer) != 0 {
		t.Errorf("%v: answered %v, want nothing", x, answer)
	}
}

// mayWriteTo refuses oneself and whom one blocks.
func mayWriteTo(x cell) errorsv1.Reason {
	if x.actor == blocker {
		return errorsv1.Reason_REASON_MESSAGE_NOT_ALLOWED
	}
	return unlessSelf(errorsv1.Reason_REASON_CANNOT_MESSAGE_SELF)(x)
}

// messagingRecipes are those of MessagingService.
var messagingRecipes = map[string]recipe{
	messagingv1connect.MessagingServiceOpenDirectConversationProcedure: {
		request: func(_ *cast, _ cell, id int64) proto.Message {
			return &messagingv1.OpenDirectConversationRequest{UserId: id}
		},
		refuses: mayWriteTo,
	},
	messagingv1connect.MessagingServiceCreateGroupProcedure: simple(func(int64) proto.Message {
		return &messagingv1.CreateGroupRequest{Title: "another", UserIds: []int64{absentID}}
	}),
	messagingv1connect.MessagingServiceGetConversationProcedure: simple(func(id int64) proto.Message {
		return &messagingv1.GetConversationRequest{ConversationId: id}
	}),
	// What the caller takes no part in any more is asked for, and must not be told.
	messagingv1connect.MessagingServiceBatchGetConversationsProcedure: {
		request: func(c *cast, x cell, _ int64) proto.Message {
			return &messagingv1.BatchGetConversationsRequest{ConversationIds: []int64{absentID, c.formerly(x).conversation}}
		},
		after: tellsNothing,
	},
	messagingv1connect.MessagingServiceListConversationsProcedure: simple(func(int64) proto.Message { return &messagingv1.ListConversationsRequest{} }),
	messagingv1connect.MessagingServiceUpdateConversationProcedure: simple(func(id int64) proto.Message {
		return &messagingv1.UpdateConversationRequest{ConversationId: id, Title: "renamed"}
	}),
	messagingv1connect.MessagingServiceAcceptConversationProcedure: simple(func(id int64) proto.Message {
		return &messagingv1.AcceptConversationRequest{ConversationId: id}
	}),
	messagingv1connect.MessagingServiceDeclineConversationProcedure: {
		request: func(_ *cast, _ cell, id int64) proto.Message {
			return &messagingv1.DeclineConversationRequest{ConversationId: id}
		},
		// To be told that one takes part is to be let through.
		refuses: func(cell) errorsv1.Reason { return errorsv1.Reason_REASON_CONVERSATION_ACCEPTED },
	},
	messagingv1connect.MessagingServiceListMembersProcedure: simple(func(id int64) proto.Message {
		return &messagingv1.ListMembersRequest{ConversationId: id}
	}),
	messagingv1connect.MessagingServiceAddMembersProcedure: simple(func(id int64) proto.Message {
		return &messagingv1.AddMembersRequest{ConversationId: id, UserIds: []int64{absentID}}
	}),
	messagingv1connect.MessagingServiceRemoveMemberProcedure: used(func(c *cast, id int64) proto.Message {
		return &messagingv1.RemoveMemberRequest{ConversationId: id, UserId: c.talkHost.id}
	}),
	messagingv1connect.MessagingServiceSetMemberRoleProcedure: {
		request: func(c *cast, _ cell, id int64) proto.Message {
			return &messagingv1.SetMemberRoleRequest{ConversationId: id, UserId: c.talkHost.id, Role: messagingv1.MemberRole_MEMBER_ROLE_ADMIN}
		},
	},
	messagingv1connect.MessagingServiceLeaveConversationProcedure: used(func(_ *cast, id int64) proto.Message {
		return &messagingv1.LeaveConversationRequest{ConversationId: id}
	}),
	messagingv1connect.MessagingServiceSendMessageProcedure: simple(func(id int64) proto.Message {
		return &messagingv1.SendMessageRequest{ConversationId: id, Text: "something"}
	}),
	messagingv1connect.MessagingServiceBatchGetMessagesProcedure: {
		request: func(c *cast, x cell, _ int64) proto.Message {
			return &messagingv1.BatchGetMessagesRequest{MessageIds: []int64{absentID, c.formerly(x).message}}
		},
		after: tellsNothing,
	},
	messagingv1connect.MessagingServiceListMessagesProcedure: simple(func(id int64) proto.Message {
		return &messagingv1.ListMessagesRequest{ConversationId: id}
	}),
	messagingv1connect.MessagingServiceEditMessageProcedure: simple(func(id int64) proto.Message {
		return &messagingv1.EditMessageRequest{MessageId: id, Text: "something else"}
	}),
	messagingv1connect.MessagingServiceDeleteMessageProcedure: used(func(_ *cast, id int64) proto.Message {
		return &messagingv1.DeleteMessageRequest{MessageId: id}
	}),
	messagingv1connect.MessagingServiceAddReactionProcedure: simple(func(id int64) proto.Message {
		return &messagingv1.AddReactionRequest{MessageId: id, Emoji: "👍"}
	}),
	messagingv1connect.MessagingServiceRemoveReactionProcedure: simple(func(id int64) proto.Message {
		return &messagingv1.RemoveReactionRequest{MessageId: id, Emoji: "👍"}
	}),
	messagingv1connect.MessagingServiceListReactionsProcedure: simple(func(id int64) proto.Message {
		return &messagingv1.ListReactionsRequest{MessageId: id}
	}),
	messagingv1connect.MessagingServiceMarkReadProcedure: simple(func(id int64) proto.Message {
		return &messagingv1.MarkReadRequest{ConversationId: id, Sequence: 1}
	}),
	messagingv1connect.MessagingServiceGetUnreadCountsProcedure: simple(func(int64) proto.Message { return &messagingv1.GetUnreadCountsRequest{} }),
	messagingv1connect.MessagingServiceSendTypingProcedure: simple(func(id int64) proto.Message {
		return &messagingv1.SendTypingRequest{ConversationId: id}
	}),
	messagingv1connect.MessagingServiceGetMessagingSettingsProcedure: simple(func(int64) proto.Message {
		return &messagingv1.GetMessagingSettingsRequest{}
	}),
	messagingv1connect.MessagingServiceUpdateMessagingSettingsProcedure: simple(func(int64) proto.Message {
		return &messagingv1.UpdateMessagingSettingsRequest{Settings: &messagingv1.MessagingSettings{Audience: messagingv1.MessageAudience_MESSAGE_AUDIENCE_REQUESTS}}
	}),
}
