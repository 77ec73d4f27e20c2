package realtime

import (
	"context"
	"slices"
	"testing"

	"github.com/pulse-social/pulse/ent"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/gen/pulse/messaging/v1/messagingv1connect"
)

// askedMessages answers messages that say nothing, and keeps what it was asked for.
type askedMessages struct {
	messagingv1connect.MessagingServiceClient

	asked [][]int64
}

func (a *askedMessages) BatchGetMessages(_ context.Context, req *messagingv1.BatchGetMessagesRequest) (*messagingv1.BatchGetMessagesResponse, error) {
	a.asked = append(a.asked, req.GetMessageIds())
	answer := &messagingv1.BatchGetMessagesResponse{}
	for _, id := range req.GetMessageIds() {
		answer.Messages = append(answer.Messages, &messagingv1.Message{Id: id})
	}
	return answer, nil
}

// A call for each item would keep who comes back from ever catching up: messages and notifications come in turns.
func TestWhatComesInTurnsIsAskedForAtOnce(t *testing.T) {
	t.Parallel()
	const newer = 1 << 20 // A kind that this version does not know.
	messages := &askedMessages{}
	told, err := sources{messages: messages}.tell(t.Context(), 1, []*ent.StreamItem{
		{Kind: kindMessageSent, ObjectID: 11},
		{Kind: kindConversationLeft, ObjectID: 21},
		{Kind: kindMessageSent, ObjectID: 12},
		{Kind: newer, ObjectID: 31},
		{Kind: kindConversationLeft, ObjectID: 22},
		{Kind: kindMessageSent, ObjectID: 13},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(messages.asked) != 1 || !slices.Equal(messages.asked[0], []int64{11, 12, 13}) {
		t.Errorf("asked for messages %v, want once for all", messages.asked)
	}
	var in []int64
	for _, one := range told {
		in = append(in, one.GetMessageSent().GetId()+one.GetConversationLeft().GetConversationId())
	}
	if want := []int64{11, 21, 12, 0, 22, 13}; !slices.Equal(in, want) {
		t.Errorf("told %v, want %v", in, want)
	}
}
