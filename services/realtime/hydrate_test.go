package realtime

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/pulse-social/pulse/ent"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/gather"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// A call for each item would keep who comes back from ever catching up: messages and notifications come in turns.
func TestWhatComesInTurnsIsAskedForAtOnce(t *testing.T) {
	t.Parallel()
	const newer = 1 << 20 // A kind that this version does not know.
	var asked [][]visibility.Sight
	said := gather.New(time.Minute, func(_ context.Context, looks []visibility.Sight) (map[visibility.Sight]*messagingv1.Message, error) {
		asked = append(asked, looks)
		found := map[visibility.Sight]*messagingv1.Message{}
		for _, look := range looks {
			found[look] = &messagingv1.Message{Id: look.ObjectID}
		}
		return found, nil
	})
	told, err := sources{said: said}.tell(t.Context(), 1, []*ent.StreamItem{
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
	if len(asked) != 1 || !slices.Equal(asked[0], []visibility.Sight{{ViewerID: 1, ObjectID: 11}, {ViewerID: 1, ObjectID: 12}, {ViewerID: 1, ObjectID: 13}}) {
		t.Errorf("asked for messages %v, want once for all", asked)
	}
	var in []int64
	for _, one := range told {
		in = append(in, one.GetMessageSent().GetId()+one.GetConversationLeft().GetConversationId())
	}
	if want := []int64{11, 21, 12, 0, 22, 13}; !slices.Equal(in, want) {
		t.Errorf("told %v, want %v", in, want)
	}
}
