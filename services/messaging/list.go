package messaging

import (
	"cmp"
	"context"
	"fmt"
	"math"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent/conversationmember"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/people"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// membersByDefault is how many members a page has when the request does not say.
const membersByDefault = 50

// ListConversations lists a folder of the caller's: what was said last comes first, and what nobody has said anything in yet
// stands where it was begun.
func (h *handler) ListConversations(ctx context.Context, req *messagingv1.ListConversationsRequest) (*messagingv1.ListConversationsResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	caller := auth.Caller(ctx).UserID
	before := cmp.Or(cursor.After, math.MaxInt64)
	folder := cmp.Or(req.GetFolder(), messagingv1.Folder_FOLDER_INBOX)
	ids, places, err := h.folder(ctx, caller, folder, before, cursor.Size+1)
	if err != nil {
		return nil, err
	}
	answer := &messagingv1.ListConversationsResponse{}
	if len(ids) > cursor.Size {
		ids = ids[:cursor.Size]
		answer.NextPageToken = cursor.Token(places[cursor.Size-1], page.Onward)
	}
	answer.Conversations, err = h.conversations(ctx, caller, ids)
	return answer, err
}

// folder answers the conversations of a person's folder, and where each stands in it.
func (h *handler) folder(ctx context.Context, userID int64, folder messagingv1.Folder, before int64, limit int) (ids, places []int64, err error) {
	rows, err := h.db.QueryContext(ctx, `SELECT id, place FROM (
			SELECT c.id, CASE WHEN c.last_message_id = 0 THEN c.id ELSE c.last_message_id END AS place
			FROM conversation_members m JOIN conversations c ON c.id = m.conversation_id WHERE m.user_id = $1 AND m.folder = $2
		) AS listed WHERE place < $3 ORDER BY place DESC LIMIT $4`, userID, int32(folder), before, limit)
	if err != nil {
		return nil, nil, fmt.Errorf("read a folder: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var conversationID, place int64
		if err := rows.Scan(&conversationID, &place); err != nil {
			return nil, nil, fmt.Errorf("read a folder: %w", err)
		}
		ids, places = append(ids, conversationID), append(places, place)
	}
	return ids, places, rows.Err()
}

// ListMembers lists who takes part in a conversation, as far as the caller may see, those who have been there longest first.
func (h *handler) ListMembers(ctx context.Context, req *messagingv1.ListMembersRequest) (*messagingv1.ListMembersResponse, error) {
	cursor, err := page.ReadSized(req, membersByDefault, maxMembers)
	if err != nil {
		return nil, err
	}
	caller := auth.Caller(ctx).UserID
	if _, err := membership(ctx, h.visibility, caller, req.GetConversationId()); err != nil {
		return nil, err
	}
	rows, err := h.db.ConversationMember.Query().
		Where(
			conversationmember.ConversationID(req.GetConversationId()), conversationmember.IDGT(cursor.After),
			visibility.SeenPersonIn(caller, conversationmember.FieldUserID),
		).
		Order(conversationmember.ByID()).Limit(cursor.Size + 1).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	answer := &messagingv1.ListMembersResponse{}
	if len(rows) > cursor.Size {
		rows = rows[:cursor.Size]
		answer.NextPageToken = cursor.Token(rows[len(rows)-1].ID, page.Onward)
	}
	userIDs := make([]int64, len(rows))
	for i, row := range rows {
		userIDs[i] = row.UserID
	}
	users, err := people.Summaries(ctx, h.db, caller, userIDs)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		m := &messagingv1.Member{User: users[row.UserID], Role: messagingv1.MemberRole(row.Role), JoinTime: timestamppb.New(id.Time(row.ID))}
		if row.Folder == visibility.FolderInbox || row.UserID == caller {
			m.ReadSequence = row.ReadSequence
		}
		if m.GetUser() != nil { // Who has gone meanwhile is left out.
			answer.Members = append(answer.Members, m)
		}
	}
	return answer, nil
}
