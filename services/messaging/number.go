package messaging

import (
	"context"
	"fmt"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/conversationmember"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// numbers are the next numbers and ids of a conversation's messages. Who has them holds the conversation's row until the
// transaction ends, so that all is numbered in the order in which it is committed, and ids grow with numbers.
type numbers struct {
	kind               int32
	sequence, id       int64 // of the first
	lastSequence, last int64 // of the last
}

// advance takes the next n numbers of a conversation for somebody who takes part in it; others are answered that there is no
// such conversation, and do not hold it.
func advance(ctx context.Context, tx *store.Tx, conversationID, sender, n int64) (numbers, error) {
	var next numbers
	rows, err := tx.QueryContext(ctx, `UPDATE conversations SET last_sequence = last_sequence + CAST($1 AS bigint),
			last_message_id = CASE WHEN last_message_id >= CAST($2 AS bigint) THEN last_message_id ELSE CAST($2 AS bigint) - 1 END + CAST($1 AS bigint)
		WHERE id = $3 AND EXISTS (SELECT 1 FROM conversation_members m
			WHERE m.conversation_id = conversations.id AND m.user_id = $4 AND m.folder <> $5)
		RETURNING kind, last_sequence, last_message_id`, n, tx.NewID(), conversationID, sender, visibility.FolderNowhere)
	if err != nil {
		return next, fmt.Errorf("number messages: %w", err)
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return next, fmt.Errorf("number messages: %w", err)
		}
		return next, noConversation()
	}
	if err := rows.Scan(&next.kind, &next.lastSequence, &next.last); err != nil {
		return next, fmt.Errorf("number messages: %w", err)
	}
	next.sequence, next.id = next.lastSequence-n+1, next.last-n+1
	return next, rows.Close()
}

// A note is a message that is yet to be written.
type note struct {
	kind     int32
	text     string
	subject  int64
	replyTo  int64
	clientID string
	media    []int64
}

// write writes messages under their numbers, with the events. What the sender sent counts as read by them, and as accepted.
func write(ctx context.Context, tx *store.Tx, next numbers, conversationID, sender int64, notes ...note) ([]*ent.Message, error) {
	rows := make([]*ent.MessageCreate, len(notes))
	for i, n := range notes {
		offset := int64(i)
		rows[i] = tx.Message.Create().SetID(next.id + offset).SetConversationID(conversationID).SetSequence(next.sequence + offset).
			SetSenderID(sender).SetKind(n.kind).SetText(n.text).SetSubjectID(n.subject).SetReplyToID(n.replyTo)
		if n.clientID != "" {
			rows[i].SetClientID(n.clientID)
		}
		if len(n.media) > 0 {
			rows[i].SetMedia(n.media)
		}
		if err := attach(ctx, tx, next.id+offset, n.media); err != nil {
			return nil, err
		}
		err := tx.Emit(&busv1.MessageSent{
			ConversationId: conversationID, MessageId: next.id + offset, Sequence: next.sequence + offset, SenderId: sender, Kind: n.kind,
		})
		if err != nil {
			return nil, err
		}
	}
	messages, err := tx.Message.CreateBulk(rows...).Save(ctx)
	if err != nil {
		return nil, err
	}
	return messages, tx.ConversationMember.Update().
		Where(conversationmember.ConversationID(conversationID), conversationmember.UserID(sender)).
		SetReadSequence(next.lastSequence).SetFolder(visibility.FolderInbox).Exec(ctx)
}

// attach notes that a message has pictures, by which they are seen with it and kept as long.
func attach(ctx context.Context, tx *store.Tx, messageID int64, mediaIDs []int64) error {
	if len(mediaIDs) == 0 {
		return nil
	}
	rows := make([]*ent.MessageMediaCreate, len(mediaIDs))
	for i, mediaID := range mediaIDs {
		rows[i] = tx.MessageMedia.Create().SetID(tx.NewID()).SetMessageID(messageID).SetMediaID(mediaID)
	}
	if err := tx.MessageMedia.CreateBulk(rows...).Exec(ctx); err != nil {
		return fmt.Errorf("attach pictures: %w", err)
	}
	return nil
}

// tell writes messages of comings and goings, which somebody who takes part in the conversation causes.
func tell(ctx context.Context, tx *store.Tx, conversationID, sender int64, notes ...note) error {
	next, err := advance(ctx, tx, conversationID, sender, int64(len(notes)))
	if err != nil {
		return err
	}
	if _, err := write(ctx, tx, next, conversationID, sender, notes...); err != nil {
		return err
	}
	return tx.Emit(&busv1.ConversationChanged{ConversationId: conversationID})
}

// changed tells that a message is not what it was.
func changed(tx *store.Tx, m *ent.Message) error {
	return tx.Emit(&busv1.MessageChanged{ConversationId: m.ConversationID, MessageId: m.ID, Sequence: m.Sequence})
}
