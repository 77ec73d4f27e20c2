package messaging

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/pulse-social/pulse/ent"
	entmessage "github.com/pulse-social/pulse/ent/message"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/messages"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// Sizes of pages of messages.
const (
	messagesByDefault = 50
	mostMessages      = 200
)

// ListMessages pages through a conversation by the numbers of its messages, which have no gap: neither do the pages.
func (h *handler) ListMessages(ctx context.Context, req *messagingv1.ListMessagesRequest) (*messagingv1.ListMessagesResponse, error) {
	cursor, err := page.ReadSized(req, messagesByDefault, mostMessages)
	if err != nil {
		return nil, err
	}
	caller := auth.Caller(ctx).UserID
	me, err := membership(ctx, h.visibility, caller, req.GetConversationId())
	if err != nil {
		return nil, err
	}
	rows, err := h.history(ctx, me, cursor, req.GetFromSequence())
	if err != nil {
		return nil, err
	}
	messages, err := h.renderer.Render(ctx, caller, rows)
	if err != nil {
		return nil, err
	}
	// The page holds the numbers from oldest to newest; an empty one stands between two.
	oldest, newest := edges(me, cursor, rows)
	answer := &messagingv1.ListMessagesResponse{Messages: messages, NewerPageToken: cursor.Token(newest, page.Back)}
	if oldest > me.FirstSequence {
		answer.NextPageToken = cursor.Token(oldest, page.Onward)
	}
	return answer, nil
}

// history reads the messages of a page, newest first.
func (h *handler) history(ctx context.Context, me *ent.ConversationMember, cursor page.Cursor, from int64) ([]*ent.Message, error) {
	query := h.db.Message.Query().
		Where(entmessage.ConversationID(me.ConversationID), entmessage.SequenceGTE(me.FirstSequence), visibility.SeenMessages(me.UserID), messages.Beside(me.UserID)).
		Limit(cursor.Size)
	if cursor.Direction == page.Back {
		query.Where(entmessage.SequenceGT(cursor.After)).Order(entmessage.BySequence())
	} else {
		query.Where(entmessage.SequenceLT(below(cursor, from))).Order(entmessage.BySequence(descending))
	}
	rows, err := query.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	if cursor.Direction == page.Back {
		slices.Reverse(rows)
	}
	return rows, nil
}

// below is the number below which a page that goes from new to old begins.
func below(cursor page.Cursor, from int64) int64 {
	switch {
	case cursor.After != 0:
		return cursor.After
	case from != 0:
		return from
	}
	return math.MaxInt64
}

// edges answers the numbers of the oldest and of the newest message of a page. For an empty page they are those that pages go
// on from: there is nothing from oldest to newest, which is one less.
func edges(me *ent.ConversationMember, cursor page.Cursor, rows []*ent.Message) (oldest, newest int64) {
	if len(rows) > 0 {
		return rows[len(rows)-1].Sequence, rows[0].Sequence
	}
	if cursor.Direction == page.Back {
		newest = max(cursor.After, me.FirstSequence-1)
		return newest + 1, newest
	}
	// Nothing is older than the page. What is newer begins at its edge, or with the first message that the caller may see.
	return me.FirstSequence, me.FirstSequence - 1
}

// BatchGetMessages answers those of the messages that the caller may see, in the order asked.
func (h *handler) BatchGetMessages(ctx context.Context, req *messagingv1.BatchGetMessagesRequest) (*messagingv1.BatchGetMessagesResponse, error) {
	caller := auth.Caller(ctx).UserID
	asked := visibility.SightsOf(caller, req.GetMessageIds())
	found, err := h.renderer.Looks(ctx, asked)
	if err != nil {
		return nil, err
	}
	answer := &messagingv1.BatchGetMessagesResponse{Messages: make([]*messagingv1.Message, 0, len(found))}
	for _, look := range asked {
		if m := found[look]; m != nil {
			answer.Messages = append(answer.Messages, m)
		}
	}
	return answer, nil
}
