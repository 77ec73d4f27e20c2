package messaging

import (
	"context"
	"strings"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/conversationmember"
	entmessage "github.com/pulse-social/pulse/ent/message"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/messages"
	"github.com/pulse-social/pulse/services/internal/people"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// unacceptedMessages bounds how many messages one may send to somebody who has not accepted the conversation.
const unacceptedMessages = 5

// SendMessage says something in a conversation. The message, its number and the event are one transaction.
func (h *handler) SendMessage(ctx context.Context, req *messagingv1.SendMessageRequest) (*messagingv1.SendMessageResponse, error) {
	if err := checkText(req.GetText(), len(req.GetMediaIds()) > 0); err != nil {
		return nil, err
	}
	caller := auth.Caller(ctx).UserID
	var sent *sending // nil when the message was sent before.
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*messagingv1.SendMessageResponse, error) {
		var err error
		sent = nil
		m, err := h.sentBefore(ctx, tx, caller, req)
		if m == nil && err == nil {
			if sent, err = h.send(ctx, tx, caller, req); err == nil {
				m = sent.Message
			}
		}
		if err != nil {
			return nil, err
		}
		return &messagingv1.SendMessageResponse{Message: messages.ToProto(m, caller)}, nil
	})
	if err != nil {
		return nil, err
	}
	answer.Message, err = h.sent(ctx, caller, sent, answer.GetMessage())
	return answer, err
}

// sending is a message that is sent, and who sends it.
type sending struct {
	*ent.Message

	by *userv1.UserSummary
}

// checkText refuses texts that say nothing, where no pictures do.
func checkText(text string, pictures bool) error {
	if strings.TrimSpace(text) == "" && !pictures {
		return rpc.Fail(errorsv1.Reason_REASON_MESSAGE_EMPTY, "the message says nothing: write at least one visible character, or add a picture")
	}
	return nil
}

// sentBefore answers the message that the caller sent under the same client_id, nil when there is none.
func (h *handler) sentBefore(ctx context.Context, tx *store.Tx, caller int64, req *messagingv1.SendMessageRequest) (*ent.Message, error) {
	if req.GetClientId() == "" {
		return nil, nil
	}
	m, err := tx.Message.Query().Where(
		entmessage.ConversationID(req.GetConversationId()), entmessage.SenderID(caller), entmessage.ClientID(req.GetClientId()),
	).Only(ctx)
	if store.IsNotFound(err) {
		return nil, nil
	}
	if err == nil {
		_, err = membership(ctx, h.visibility.In(tx.Client), caller, req.GetConversationId())
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// send writes a message. The number comes first, for whoever has it holds the conversation: what is looked up afterwards is
// so when the message is written.
func (h *handler) send(ctx context.Context, tx *store.Tx, caller int64, req *messagingv1.SendMessageRequest) (*sending, error) {
	conversationID := req.GetConversationId()
	next, err := advance(ctx, tx, conversationID, caller, 1)
	if err != nil {
		return nil, err
	}
	me, peer, err := parties(ctx, tx, conversationID, caller, next.kind)
	if err != nil {
		return nil, err
	}
	if next.kind == direct {
		if err := h.reachPeer(ctx, tx, me, peer, next.sequence); err != nil {
			return nil, err
		}
	}
	if req.GetReplyToMessageId() != 0 {
		if err := h.mayReply(ctx, tx, me, next.kind, req.GetReplyToMessageId()); err != nil {
			return nil, err
		}
	}
	if err := attachment.Check(ctx, tx.Client, caller, req.GetMediaIds()...); err != nil {
		return nil, err
	}
	messages, statements, err := write(ctx, tx, next, conversationID, caller, note{
		kind: text, text: req.GetText(), replyTo: req.GetReplyToMessageId(), clientID: req.GetClientId(), media: req.GetMediaIds(),
	})
	if err != nil {
		return nil, err
	}
	tx.Last(statements...)
	if me.Folder != visibility.FolderInbox {
		err = tx.Emit(&busv1.ConversationChanged{ConversationId: conversationID, UserId: caller})
	}
	return &sending{messages[0], people.Of(caller, me)}, err
}

// columnAcross is what a query of members answers beside each: whether a block is between them and the caller.
const columnAcross = "across"

// parties answers what the caller takes part in a conversation by, and in a direct one the other's, nil when that person is gone.
// Beside each are the person and whether they are across a block from the caller.
func parties(ctx context.Context, tx *store.Tx, conversationID, caller int64, kind int32) (me, peer *ent.ConversationMember, err error) {
	query := tx.ConversationMember.Query().Where(conversationmember.ConversationID(conversationID), func(s *entsql.Selector) {
		s.AppendSelectExprAs(visibility.AcrossIn(caller, s.C(conversationmember.FieldUserID)), columnAcross)
		people.Beside(s, conversationmember.FieldUserID)
	})
	if kind == group {
		query.Where(conversationmember.UserID(caller))
	}
	rows, err := query.All(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, row := range rows {
		if row.UserID == caller {
			me = row
		} else {
			peer = row
		}
	}
	if me == nil || me.Folder == visibility.FolderNowhere {
		return nil, nil, noConversation()
	}
	return me, peer, nil
}

// notAllowed is the failure for whom one may not write to. It does not tell why.
func notAllowed() error {
	return rpc.Fail(errorsv1.Reason_REASON_MESSAGE_NOT_ALLOWED, "you cannot write to this person")
}

// reachPeer refuses a message to somebody who does not want it, and puts the conversation where they find it.
func (h *handler) reachPeer(ctx context.Context, tx *store.Tx, me, peer *ent.ConversationMember, sequence int64) error {
	if peer == nil {
		return notAllowed()
	}
	if peer.Folder == visibility.FolderInbox {
		across, err := peer.Value(columnAcross)
		if err == nil && store.IsTrue(across) {
			return notAllowed()
		}
		return err
	}
	reach, err := h.visibility.In(tx.Client).Reach(ctx, me.UserID, []int64{peer.UserID})
	if err != nil {
		return err
	}
	folder, reached := reach[peer.UserID]
	switch {
	case !reached:
		return notAllowed()
	case folder == visibility.FolderRequests && sequence > unacceptedMessages: // All of them are the caller's: a reply accepts.
		return rpc.Fail(errorsv1.Reason_REASON_REQUEST_PENDING,
			"you have sent %d messages: wait until the other accepts the conversation", unacceptedMessages).With("limit", unacceptedMessages)
	case folder == peer.Folder:
		return nil
	}
	if err := tx.ConversationMember.UpdateOneID(peer.ID).SetFolder(folder).Exec(ctx); err != nil {
		return err
	}
	return tx.Emit(&busv1.ConversationChanged{ConversationId: peer.ConversationID, UserId: peer.UserID})
}

// notAcross refuses to write across a block.
func notAcross(ctx context.Context, policy *visibility.Policy, caller, other int64) error {
	across, err := policy.Across(ctx, caller, []int64{other})
	if err == nil && across[other] {
		return notAllowed()
	}
	return err
}

// mayReply refuses replies to what is not there for the caller, and in a group to those across a block.
func (h *handler) mayReply(ctx context.Context, tx *store.Tx, me *ent.ConversationMember, kind int32, messageID int64) error {
	to, err := tx.Message.Query().Where(
		entmessage.ID(messageID), entmessage.ConversationID(me.ConversationID), entmessage.SequenceGTE(me.FirstSequence),
	).Only(ctx)
	if store.IsNotFound(err) {
		return noMessage()
	}
	if err != nil || kind == direct {
		return err
	}
	return notAcross(ctx, h.visibility.In(tx.Client), me.UserID, to.SenderID)
}

// sent completes the answer to a call that sent a message; fresh is nil when it was sent before.
func (h *handler) sent(ctx context.Context, caller int64, fresh *sending, answer *messagingv1.Message) (*messagingv1.Message, error) {
	if fresh == nil {
		return h.refreshed(ctx, caller, answer)
	}
	answer.Sender = fresh.by
	return answer, attachment.Fill(ctx, h.db.Client, &answer.Media)
}

// refreshed answers a message as it is now, or as it was answered before when the caller does not see it any more.
func (h *handler) refreshed(ctx context.Context, caller int64, answer *messagingv1.Message) (*messagingv1.Message, error) {
	look := visibility.Sight{ViewerID: caller, ObjectID: answer.GetId()}
	found, err := h.renderer.Looks(ctx, []visibility.Sight{look})
	if err != nil {
		return nil, err
	}
	if now := found[look]; now != nil {
		return now, nil
	}
	return answer, attachment.Fill(ctx, h.db.Client, &answer.Media)
}
