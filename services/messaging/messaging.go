// Package messaging is the service for what people say to each other: conversations of two and of groups, their messages in
// one order without a gap, reactions, receipts, and who may write to whom.
package messaging

import (
	"context"
	"strconv"
	"strings"

	"connectrpc.com/connect/v2"
	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/gen/pulse/messaging/v1/messagingv1connect"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/messages"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// Values of columns, as they are in pulse.messaging.v1.
const (
	direct = int32(messagingv1.ConversationKind_CONVERSATION_KIND_DIRECT)
	group  = int32(messagingv1.ConversationKind_CONVERSATION_KIND_GROUP)

	text = int32(messagingv1.MessageKind_MESSAGE_KIND_TEXT)

	plain = int32(messagingv1.MemberRole_MEMBER_ROLE_MEMBER)
	admin = int32(messagingv1.MemberRole_MEMBER_ROLE_ADMIN)
	owner = int32(messagingv1.MemberRole_MEMBER_ROLE_OWNER)
)

// maxMembers bounds how many people take part in a group.
const maxMembers = 256

// handler serves pulse.messaging.v1.MessagingService.
type handler struct {
	db         *store.DB
	visibility *visibility.Policy
	signals    *bus.Signals
	renderer   *messages.Renderer
}

// New makes the service.
func New(d service.Deps) service.Service {
	h := &handler{db: d.DB, visibility: d.Visibility, signals: d.Signals, renderer: messages.NewRenderer(d.DB)}
	return service.Service{
		Register:  func(s *connect.Server) { messagingv1connect.RegisterMessagingServiceHandler(s, h) },
		Consumers: []bus.Consumer{h.eraseConsumer()},
	}
}

// descending orders newest first.
var descending = entsql.OrderDesc()

// noConversation is the failure for what is not there and for what the caller does not take part in, which must not be told apart.
func noConversation() error {
	return rpc.Fail(errorsv1.Reason_REASON_CONVERSATION_NOT_FOUND, "there is no such conversation")
}

// noMessage is noConversation for messages.
func noMessage() error {
	return rpc.Fail(errorsv1.Reason_REASON_MESSAGE_NOT_FOUND, "there is no such message")
}

// membership answers by what the caller takes part in a conversation.
func membership(ctx context.Context, policy *visibility.Policy, caller, conversationID int64) (*ent.ConversationMember, error) {
	found, err := policy.Membership(ctx, caller, conversationID)
	if store.IsNotFound(err) {
		return nil, noConversation()
	}
	return found, err
}

// visible answers a message that the caller may see.
func visible(ctx context.Context, policy *visibility.Policy, caller, messageID int64) (*ent.Message, error) {
	found, err := policy.Message(ctx, caller, messageID)
	if store.IsNotFound(err) {
		return nil, noMessage()
	}
	return found, err
}

// directKey names the direct conversation of two people.
func directKey(a, b int64) string {
	return strconv.FormatInt(min(a, b), 10) + ":" + strconv.FormatInt(max(a, b), 10)
}

// peerOf answers the other person of a direct conversation, 0 when it is none.
func peerOf(c *ent.Conversation, userID int64) int64 {
	if c.DirectKey == nil {
		return 0
	}
	smaller, larger, _ := strings.Cut(*c.DirectKey, ":")
	other := larger
	if other == strconv.FormatInt(userID, 10) {
		other = smaller
	}
	peer, _ := strconv.ParseInt(other, 10, 64) // It was written by directKey.
	return peer
}
