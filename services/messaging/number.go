package messaging

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/conversationmember"
	"github.com/pulse-social/pulse/ent/message"
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

// write makes messages under their numbers, emits their events, and answers the statements that write them. What the sender sent
// counts as read by them, and as accepted.
func write(ctx context.Context, tx *store.Tx, next numbers, conversationID, sender int64, notes ...note) ([]*ent.Message, []store.Statement, error) {
	messages := make([]*ent.Message, len(notes))
	rows := tx.Insert(message.Table,
		message.FieldID, message.FieldConversationID, message.FieldSequence, message.FieldSenderID, message.FieldKind, message.FieldText,
		message.FieldSubjectID, message.FieldReplyToID, message.FieldClientID, message.FieldMedia, message.FieldDeleted)
	for i, n := range notes {
		m := &ent.Message{
			ID: next.id + int64(i), ConversationID: conversationID, Sequence: next.sequence + int64(i), SenderID: sender, Kind: n.kind, Text: n.text,
			SubjectID: n.subject, ReplyToID: n.replyTo, Media: n.media,
		}
		if n.clientID != "" {
			m.ClientID = &n.clientID
		}
		media, err := mediaColumn(n.media)
		if err != nil {
			return nil, nil, err
		}
		rows.Values(m.ID, m.ConversationID, m.Sequence, m.SenderID, m.Kind, m.Text, m.SubjectID, m.ReplyToID, m.ClientID, media, m.Deleted)
		if err := attach(ctx, tx, m.ID, n.media); err != nil {
			return nil, nil, err
		}
		err = tx.Emit(&busv1.MessageSent{ConversationId: conversationID, MessageId: m.ID, Sequence: m.Sequence, SenderId: sender, Kind: n.kind})
		if err != nil {
			return nil, nil, err
		}
		messages[i] = m
	}
	read := tx.Update(conversationmember.Table, conversationmember.ConversationID(conversationID), conversationmember.UserID(sender)).
		Set(conversationmember.FieldReadSequence, next.lastSequence).Set(conversationmember.FieldFolder, visibility.FolderInbox)
	return messages, []store.Statement{store.StatementOf(rows), store.StatementOf(read)}, nil
}

// mediaColumn is how the ids of a message's pictures are kept: as JSON, or not at all.
func mediaColumn(mediaIDs []int64) (any, error) {
	if len(mediaIDs) == 0 {
		return nil, nil
	}
	return json.Marshal(mediaIDs)
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
	_, statements, err := write(ctx, tx, next, conversationID, sender, notes...)
	if err != nil {
		return err
	}
	if err := tx.Do(ctx, statements...); err != nil {
		return fmt.Errorf("write messages: %w", err)
	}
	return tx.Emit(&busv1.ConversationChanged{ConversationId: conversationID})
}

// changed tells that a message is not what it was.
func changed(tx *store.Tx, m *ent.Message) error {
	return tx.Emit(&busv1.MessageChanged{ConversationId: m.ConversationID, MessageId: m.ID, Sequence: m.Sequence})
}
