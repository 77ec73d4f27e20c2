package messaging

import (
	"context"

	entconversation "github.com/pulse-social/pulse/ent/conversation"
	"github.com/pulse-social/pulse/ent/conversationmember"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// OpenDirectConversation answers the conversation of the caller with another person, and begins it when there is none.
func (h *handler) OpenDirectConversation(ctx context.Context, req *messagingv1.OpenDirectConversationRequest) (*messagingv1.OpenDirectConversationResponse, error) {
	caller, peer := auth.Caller(ctx).UserID, req.GetUserId()
	if caller == peer {
		return nil, rpc.Fail(errorsv1.Reason_REASON_CANNOT_MESSAGE_SELF, "you cannot have a conversation with yourself")
	}
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*messagingv1.OpenDirectConversationResponse, error) {
		_, err := h.visibility.In(tx.Client).User(ctx, caller, peer)
		if store.IsNotFound(err) {
			return nil, rpc.Fail(errorsv1.Reason_REASON_USER_NOT_FOUND, "there is no such person")
		}
		if err != nil {
			return nil, err
		}
		opened, err := h.open(ctx, tx, caller, peer)
		return &messagingv1.OpenDirectConversationResponse{Conversation: &messagingv1.Conversation{Id: opened}}, err
	})
	if err != nil {
		return nil, err
	}
	answer.Conversation, err = h.current(ctx, caller, answer.GetConversation())
	return answer, err
}

// open answers the id of the direct conversation of two people, which from then on is in the caller's inbox, or where it was.
func (h *handler) open(ctx context.Context, tx *store.Tx, caller, peer int64) (int64, error) {
	conversationID, err := tx.Conversation.Query().Where(entconversation.DirectKey(directKey(caller, peer))).OnlyID(ctx)
	if store.IsNotFound(err) {
		return h.begin(ctx, tx, caller, peer)
	}
	if err != nil {
		return 0, err
	}
	came, err := tx.ConversationMember.Update().Where(
		conversationmember.ConversationID(conversationID), conversationmember.UserID(caller), conversationmember.Folder(visibility.FolderNowhere),
	).SetFolder(visibility.FolderInbox).Save(ctx)
	if err == nil && came > 0 {
		err = tx.Emit(&busv1.ConversationChanged{ConversationId: conversationID, UserId: caller})
	}
	return conversationID, err
}

// begin begins a direct conversation. The other person does not know of it yet.
func (h *handler) begin(ctx context.Context, tx *store.Tx, caller, peer int64) (int64, error) {
	reach, err := h.visibility.In(tx.Client).Reach(ctx, caller, []int64{peer})
	if err != nil {
		return 0, err
	}
	if _, reached := reach[peer]; !reached {
		return 0, notAllowed()
	}
	conversationID := tx.NewID()
	err = tx.Conversation.Create().SetID(conversationID).SetKind(direct).SetDirectKey(directKey(caller, peer)).SetCreatorID(caller).Exec(ctx)
	if err != nil {
		return 0, err
	}
	err = tx.ConversationMember.CreateBulk(
		tx.ConversationMember.Create().SetID(tx.NewID()).SetConversationID(conversationID).SetUserID(caller).
			SetRole(plain).SetFolder(visibility.FolderInbox),
		tx.ConversationMember.Create().SetID(tx.NewID()).SetConversationID(conversationID).SetUserID(peer).
			SetRole(plain).SetFolder(visibility.FolderNowhere),
	).Exec(ctx)
	if err != nil {
		return 0, err
	}
	return conversationID, tx.Emit(&busv1.ConversationChanged{ConversationId: conversationID, UserId: caller})
}
