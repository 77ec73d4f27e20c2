package messaging

import (
	"context"
	"fmt"
	"strings"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/conversationmember"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// mostCounted bounds what is counted: nobody reads a larger number.
const mostCounted = 100

// unreadMessages are the messages of others that a member, m, has not read.
const unreadMessages = `SELECT 1 FROM messages WHERE messages.conversation_id = m.conversation_id
	AND messages.sequence > m.read_sequence AND messages.sequence >= m.first_sequence AND messages.kind = 1 AND messages.sender_id <> m.user_id`

// unread answers how many messages of others a person has not read in conversations, at most [mostCounted].
func (h *handler) unread(ctx context.Context, userID int64, conversationIDs []int64) (map[int64]int32, error) {
	places, args := make([]string, len(conversationIDs)), make([]any, 0, 1+len(conversationIDs))
	args = append(args, userID)
	for i, conversationID := range conversationIDs {
		places[i] = fmt.Sprintf("$%d", i+2)
		args = append(args, conversationID)
	}
	rows, err := h.db.QueryContext(ctx, fmt.Sprintf(`SELECT m.conversation_id, (SELECT COUNT(*) FROM (%s LIMIT %d) AS unread)
		FROM conversation_members m WHERE m.user_id = $1 AND m.conversation_id IN (%s)`, unreadMessages, mostCounted, strings.Join(places, ", ")), args...)
	if err != nil {
		return nil, fmt.Errorf("count unread messages: %w", err)
	}
	defer rows.Close()
	unread := make(map[int64]int32, len(conversationIDs))
	for rows.Next() {
		var conversationID int64
		var n int32
		if err := rows.Scan(&conversationID, &n); err != nil {
			return nil, fmt.Errorf("count unread messages: %w", err)
		}
		unread[conversationID] = n
	}
	return unread, rows.Err()
}

// GetUnreadCounts answers how many conversations wait for the caller.
func (h *handler) GetUnreadCounts(ctx context.Context, _ *messagingv1.GetUnreadCountsRequest) (*messagingv1.GetUnreadCountsResponse, error) {
	caller := auth.Caller(ctx).UserID
	rows, err := h.db.QueryContext(ctx, fmt.Sprintf(`SELECT
		(SELECT COUNT(*) FROM (SELECT 1 FROM conversation_members m WHERE m.user_id = $1 AND m.folder = %d AND EXISTS (%s) LIMIT %d) AS inbox),
		(SELECT COUNT(*) FROM (SELECT 1 FROM conversation_members m WHERE m.user_id = $1 AND m.folder = %d LIMIT %d) AS requests)`,
		visibility.FolderInbox, unreadMessages, mostCounted, visibility.FolderRequests, mostCounted), caller)
	if err != nil {
		return nil, fmt.Errorf("count conversations: %w", err)
	}
	defer rows.Close()
	answer := &messagingv1.GetUnreadCountsResponse{}
	if rows.Next() {
		err = rows.Scan(&answer.UnreadConversations, &answer.Requests)
	}
	if err == nil {
		err = rows.Err()
	}
	return answer, err
}

// MarkRead notes up to where the caller has read a conversation. It never goes back.
func (h *handler) MarkRead(ctx context.Context, req *messagingv1.MarkReadRequest) (*messagingv1.MarkReadResponse, error) {
	caller := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*messagingv1.MarkReadResponse, error) {
		me, err := membership(ctx, h.visibility.In(tx.Client), caller, req.GetConversationId())
		if err != nil {
			return nil, err
		}
		conversation, err := tx.Conversation.Get(ctx, me.ConversationID)
		if err != nil {
			return nil, err
		}
		return &messagingv1.MarkReadResponse{ReadSequence: max(me.ReadSequence, min(req.GetSequence(), conversation.LastSequence))},
			read(ctx, tx, me, min(req.GetSequence(), conversation.LastSequence))
	})
	if err != nil {
		return nil, err
	}
	unread, err := h.unread(ctx, caller, []int64{req.GetConversationId()})
	answer.UnreadCount = unread[req.GetConversationId()]
	return answer, err
}

// read notes that a member has read up to a number, when that is further than before.
func read(ctx context.Context, tx *store.Tx, me *ent.ConversationMember, sequence int64) error {
	further, err := tx.ConversationMember.Update().
		Where(conversationmember.ID(me.ID), conversationmember.ReadSequenceLT(sequence)).SetReadSequence(sequence).Save(ctx)
	if err != nil || further == 0 {
		return err
	}
	return tx.Emit(&busv1.ConversationRead{
		ConversationId: me.ConversationID, UserId: me.UserID, ReadSequence: sequence, Unannounced: me.Folder != visibility.FolderInbox,
	})
}
