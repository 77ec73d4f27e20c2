package messaging

import (
	"context"
	"fmt"
	"strconv"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	entconversation "github.com/pulse-social/pulse/ent/conversation"
	"github.com/pulse-social/pulse/ent/conversationmember"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/people"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// GetConversation answers one conversation.
func (h *handler) GetConversation(ctx context.Context, req *messagingv1.GetConversationRequest) (*messagingv1.GetConversationResponse, error) {
	c, err := h.conversation(ctx, auth.Caller(ctx).UserID, req.GetConversationId())
	return &messagingv1.GetConversationResponse{Conversation: c}, err
}

// BatchGetConversations answers those of the conversations that the caller takes part in, in the order asked.
func (h *handler) BatchGetConversations(ctx context.Context, req *messagingv1.BatchGetConversationsRequest) (*messagingv1.BatchGetConversationsResponse, error) {
	conversations, err := h.conversations(ctx, auth.Caller(ctx).UserID, req.GetConversationIds())
	return &messagingv1.BatchGetConversationsResponse{Conversations: conversations}, err
}

// conversation answers one conversation as a viewer has it.
func (h *handler) conversation(ctx context.Context, viewer, conversationID int64) (*messagingv1.Conversation, error) {
	conversations, err := h.conversations(ctx, viewer, []int64{conversationID})
	if err != nil {
		return nil, err
	}
	if len(conversations) == 0 {
		return nil, noConversation()
	}
	return conversations[0], nil
}

// current answers a conversation as it is now, or as it was answered before when the caller does not take part any more.
func (h *handler) current(ctx context.Context, viewer int64, answer *messagingv1.Conversation) (*messagingv1.Conversation, error) {
	c, err := h.conversation(ctx, viewer, answer.GetId())
	if rpc.Failed(err, errorsv1.Reason_REASON_CONVERSATION_NOT_FOUND) {
		return answer, nil
	}
	return c, err
}

// conversations answers those of the conversations that a viewer takes part in, in the given order, with one query for each
// kind of thing whatever their number.
func (h *handler) conversations(ctx context.Context, viewer int64, ids []int64) ([]*messagingv1.Conversation, error) {
	rows, err := h.db.Conversation.Query().Where(entconversation.IDIn(ids...), visibility.SeenConversations(viewer)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read conversations: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	byID := make(map[int64]*ent.Conversation, len(rows))
	for _, row := range rows {
		byID[row.ID] = row
	}
	beside, err := h.beside(ctx, viewer, rows)
	if err != nil {
		return nil, err
	}
	conversations := make([]*messagingv1.Conversation, 0, len(rows))
	for _, conversationID := range ids {
		row := byID[conversationID]
		if row == nil || beside.mine[conversationID] == nil {
			continue
		}
		conversations = append(conversations, beside.toProto(row, viewer))
	}
	return conversations, nil
}

// beside is what stands beside conversations, by conversation.
type beside struct {
	mine    map[int64]*ent.ConversationMember
	members map[int64]int32
	unread  map[int64]int32
	newest  map[int64]*messagingv1.Message
	peers   map[int64]*userv1.UserSummary // by person
}

// toProto is a conversation with what stands beside it.
func (b *beside) toProto(row *ent.Conversation, viewer int64) *messagingv1.Conversation {
	me := b.mine[row.ID]
	c := &messagingv1.Conversation{
		Id: row.ID, Kind: messagingv1.ConversationKind(row.Kind), Title: row.Title, Peer: b.peers[peerOf(row, viewer)],
		MemberCount: b.members[row.ID], CreateTime: timestamppb.New(id.Time(row.ID)), Etag: etag(row.Version),
		Viewer: &messagingv1.ConversationViewer{
			Folder: messagingv1.Folder(me.Folder), Role: messagingv1.MemberRole(me.Role), ReadSequence: me.ReadSequence,
			UnreadCount: b.unread[row.ID], FirstSequence: me.FirstSequence,
		},
	}
	if newest := b.newest[row.ID]; newest != nil {
		c.LastSequence, c.LastMessage = newest.GetSequence(), newest
	}
	return c
}

// etag is how a version is called in the API.
func etag(version int64) string { return strconv.FormatInt(version, 36) }

// beside reads what stands beside conversations.
func (h *handler) beside(ctx context.Context, viewer int64, rows []*ent.Conversation) (*beside, error) {
	b := &beside{mine: map[int64]*ent.ConversationMember{}, members: map[int64]int32{}, newest: map[int64]*messagingv1.Message{}}
	var ids, messageIDs, peers []int64
	for _, row := range rows {
		ids, messageIDs = append(ids, row.ID), append(messageIDs, row.LastMessageID)
		if peer := peerOf(row, viewer); peer != 0 {
			peers = append(peers, peer)
		}
	}
	mine, err := h.db.ConversationMember.Query().Where(conversationmember.ConversationIDIn(ids...), visibility.SeenMemberships(viewer)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read memberships: %w", err)
	}
	for _, m := range mine {
		b.mine[m.ConversationID] = m
	}
	if err := h.countMembers(ctx, ids, b.members); err != nil {
		return nil, err
	}
	if err := h.newest(ctx, viewer, messageIDs, b.newest); err != nil {
		return nil, err
	}
	if b.unread, err = h.unread(ctx, viewer, ids); err != nil {
		return nil, err
	}
	b.peers, err = people.Summaries(ctx, h.db, viewer, peers)
	return b, err
}

// countMembers adds how many take part in conversations.
func (h *handler) countMembers(ctx context.Context, ids []int64, into map[int64]int32) error {
	var counted []struct {
		ConversationID int64 `json:"conversation_id"`
		Count          int32 `json:"count"`
	}
	err := h.db.ConversationMember.Query().Where(conversationmember.ConversationIDIn(ids...)).
		GroupBy(conversationmember.FieldConversationID).Aggregate(ent.Count()).Scan(ctx, &counted)
	if err != nil {
		return fmt.Errorf("count members: %w", err)
	}
	for _, row := range counted {
		into[row.ConversationID] = row.Count
	}
	return nil
}

// newest adds those of the messages that the viewer may see, by conversation. When the newest of a conversation is not for
// the viewer, none is: what one may see goes on to the end.
func (h *handler) newest(ctx context.Context, viewer int64, messageIDs []int64, into map[int64]*messagingv1.Message) error {
	messages, err := h.renderer.Looks(ctx, visibility.SightsOf(viewer, messageIDs))
	for _, m := range messages {
		into[m.GetConversationId()] = m
	}
	return err
}
