package messaging

import (
	"context"

	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// AcceptConversation moves a conversation from the caller's requests into the inbox.
func (h *handler) AcceptConversation(ctx context.Context, req *messagingv1.AcceptConversationRequest) (*messagingv1.AcceptConversationResponse, error) {
	caller := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*messagingv1.AcceptConversationResponse, error) {
		c, err := h.hold(ctx, tx, caller, req.GetConversationId())
		if err != nil {
			return nil, err
		}
		answer := &messagingv1.AcceptConversationResponse{Conversation: &messagingv1.Conversation{Id: c.ID}}
		if c.me.Folder == visibility.FolderInbox {
			return answer, nil
		}
		if err := tx.ConversationMember.UpdateOneID(c.me.ID).SetFolder(visibility.FolderInbox).Exec(ctx); err != nil {
			return nil, err
		}
		return answer, tx.Emit(&busv1.ConversationChanged{ConversationId: c.ID, UserId: caller})
	})
	if err != nil {
		return nil, err
	}
	answer.Conversation, err = h.current(ctx, caller, answer.GetConversation())
	return answer, err
}

// DeclineConversation removes a conversation from the caller's requests. Nobody else is told.
func (h *handler) DeclineConversation(ctx context.Context, req *messagingv1.DeclineConversationRequest) (*messagingv1.DeclineConversationResponse, error) {
	caller := auth.Caller(ctx).UserID
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*messagingv1.DeclineConversationResponse, error) {
		answer := &messagingv1.DeclineConversationResponse{}
		c, err := h.hold(ctx, tx, caller, req.GetConversationId())
		if err != nil {
			return nil, err
		}
		if c.me.Folder == visibility.FolderInbox {
			return nil, rpc.Fail(errorsv1.Reason_REASON_CONVERSATION_ACCEPTED,
				"you have accepted the conversation: leave the group, or block the person")
		}
		if c.Kind == group {
			return answer, part(ctx, tx, c.me)
		}
		err = tx.ConversationMember.UpdateOneID(c.me.ID).SetFolder(visibility.FolderNowhere).
			SetFirstSequence(c.LastSequence + 1).SetReadSequence(c.LastSequence).Exec(ctx)
		if err != nil {
			return nil, err
		}
		return answer, tx.Emit(&busv1.ConversationLeft{ConversationId: c.ID, UserId: caller})
	})
}
