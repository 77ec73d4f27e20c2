package messages

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/id"
)

// ToProto is what a message's row says by itself to a viewer; [Renderer.Render] adds the rest.
func ToProto(m *ent.Message, viewer int64) *messagingv1.Message {
	p := &messagingv1.Message{
		Id: m.ID, ConversationId: m.ConversationID, Sequence: m.Sequence, Kind: messagingv1.MessageKind(m.Kind),
		Text: m.Text, ReplyToMessageId: m.ReplyToID, CreateTime: timestamppb.New(id.Time(m.ID)), Deleted: m.Deleted,
		Media: attachment.Named(m.Media),
	}
	if m.EditedAt != nil {
		p.EditTime = timestamppb.New(*m.EditedAt)
	}
	if m.ClientID != nil && m.SenderID == viewer {
		p.ClientId = *m.ClientID
	}
	return p
}

// unavailable is all that is told of a message across a block.
func unavailable(m *ent.Message) *messagingv1.Message {
	return &messagingv1.Message{
		Id: m.ID, ConversationId: m.ConversationID, Sequence: m.Sequence, Kind: messagingv1.MessageKind(m.Kind),
		CreateTime: timestamppb.New(id.Time(m.ID)), Unavailable: true,
	}
}
