package messaging

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	entmessage "github.com/pulse-social/pulse/ent/message"
	"github.com/pulse-social/pulse/ent/messagemedia"
	"github.com/pulse-social/pulse/ent/messagereaction"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/messages"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// EditMessage changes what a message of the caller's says.
func (h *handler) EditMessage(ctx context.Context, req *messagingv1.EditMessageRequest) (*messagingv1.EditMessageResponse, error) {
	caller := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*messagingv1.EditMessageResponse, error) {
		m, err := h.written(ctx, tx, caller, req.GetMessageId())
		if err != nil {
			return nil, err
		}
		if m.SenderID != caller {
			return nil, notTheSender()
		}
		if m.Deleted {
			return nil, notEditable()
		}
		if err := checkText(req.GetText(), len(m.Media) > 0); err != nil {
			return nil, err
		}
		if err := h.mayTouch(ctx, tx, caller, m); err != nil {
			return nil, err
		}
		return &messagingv1.EditMessageResponse{Message: messages.ToProto(m, caller)}, edit(ctx, tx, m, req.GetText())
	})
	if err != nil {
		return nil, err
	}
	answer.Message, err = h.refreshed(ctx, caller, answer.GetMessage())
	return answer, err
}

// written answers a message that the caller may see and that somebody wrote, which those of comings and goings were not.
func (h *handler) written(ctx context.Context, tx *store.Tx, caller, messageID int64) (*ent.Message, error) {
	m, err := visible(ctx, h.visibility.In(tx.Client), caller, messageID)
	if err == nil && m.Kind != text {
		return nil, notEditable()
	}
	return m, err
}

func notEditable() error {
	return rpc.Fail(errorsv1.Reason_REASON_MESSAGE_NOT_EDITABLE, "the message was deleted, or tells of the group's comings and goings")
}

func notTheSender() error {
	return rpc.Fail(errorsv1.Reason_REASON_NOT_MESSAGE_SENDER, "the message was sent by somebody else")
}

// mayTouch refuses to change something of a message across a block: in a direct conversation of any, in a group of those that
// are across it.
func (h *handler) mayTouch(ctx context.Context, tx *store.Tx, caller int64, m *ent.Message) error {
	c, err := tx.Conversation.Get(ctx, m.ConversationID)
	if err != nil {
		return err
	}
	other := m.SenderID
	if c.Kind == direct {
		other = peerOf(c, caller)
	}
	if other == caller {
		return nil
	}
	return notAcross(ctx, h.visibility.In(tx.Client), caller, other)
}

// edit writes another text. The one that is there leaves no trace.
func edit(ctx context.Context, tx *store.Tx, m *ent.Message, text string) error {
	if m.Text == text {
		return nil
	}
	edited, err := tx.Message.Update().Where(entmessage.ID(m.ID), entmessage.Deleted(false)).SetText(text).SetEditedAt(tx.Now).Save(ctx)
	if err != nil {
		return err
	}
	if edited == 0 {
		return store.ErrRaceLost
	}
	return changed(tx, m)
}

// DeleteMessage removes what a message says, for everybody.
func (h *handler) DeleteMessage(ctx context.Context, req *messagingv1.DeleteMessageRequest) (*messagingv1.DeleteMessageResponse, error) {
	caller := auth.Caller(ctx).UserID
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*messagingv1.DeleteMessageResponse, error) {
		m, err := h.written(ctx, tx, caller, req.GetMessageId())
		if err != nil {
			return nil, err
		}
		if m.SenderID != caller {
			me, err := membership(ctx, h.visibility.In(tx.Client), caller, m.ConversationID)
			if err != nil {
				return nil, err
			}
			if me.Role < admin { // Which nobody is in a direct conversation.
				return nil, notTheSender()
			}
		}
		return &messagingv1.DeleteMessageResponse{}, empty(ctx, tx, m)
	})
}

// empty removes what messages say and show, and the reactions to them. Their numbers stay, and so do the names that their sender gave
// them: what is sent under one again is not said a second time.
func empty(ctx context.Context, tx *store.Tx, messages ...*ent.Message) error {
	for _, m := range messages {
		gone, err := tx.Message.Update().Where(entmessage.ID(m.ID), entmessage.Deleted(false)).
			SetText("").SetReplyToID(0).ClearEditedAt().ClearMedia().SetDeleted(true).Save(ctx)
		if err != nil {
			return err
		}
		if gone == 0 {
			continue
		}
		if _, err := tx.MessageReaction.Delete().Where(messagereaction.MessageID(m.ID)).Exec(ctx); err != nil {
			return err
		}
		if len(m.Media) > 0 {
			if _, err := tx.MessageMedia.Delete().Where(messagemedia.MessageID(m.ID)).Exec(ctx); err != nil {
				return err
			}
		}
		if err := changed(tx, m); err != nil {
			return err
		}
	}
	return nil
}
