package messaging

import (
	"context"
	"encoding/binary"
	"fmt"

	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// SendTyping tells all processes that the caller types now; those that others are connected to tell these. It is stored nowhere.
func (h *handler) SendTyping(ctx context.Context, req *messagingv1.SendTypingRequest) (*messagingv1.SendTypingResponse, error) {
	caller, answer := auth.Caller(ctx).UserID, &messagingv1.SendTypingResponse{}
	me, err := membership(ctx, h.visibility, caller, req.GetConversationId())
	if err != nil || me.Folder != visibility.FolderInbox {
		return answer, err
	}
	c, err := h.db.Conversation.Get(ctx, me.ConversationID)
	if err != nil {
		return nil, fmt.Errorf("read the conversation: %w", err)
	}
	if peer := peerOf(c, caller); peer != 0 {
		across, err := h.visibility.Across(ctx, caller, []int64{peer})
		if err != nil || across[peer] {
			return answer, err
		}
	}
	payload := binary.BigEndian.AppendUint64(nil, uint64(me.ConversationID))
	h.signals.Send(bus.TypingSignal, binary.BigEndian.AppendUint64(payload, uint64(caller)))
	return answer, nil
}
