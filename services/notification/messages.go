package notification

import (
	"context"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/conversationmember"
	"github.com/pulse-social/pulse/ent/message"
	entnotification "github.com/pulse-social/pulse/ent/notification"
	"github.com/pulse-social/pulse/ent/notificationcause"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

// conversations answers where messages were sent.
func (l *looks) conversations() []int64 {
	var ids []int64
	for _, m := range l.messages {
		ids = append(ids, m.GetConversationId())
	}
	return id.Unique(ids)
}

// lookAtMessages adds messages for those who have their conversation in the inbox and have not read so far. A message that was
// sent stays so.
func (l *looks) lookAtMessages(ctx context.Context, tx *store.Tx, heads map[int64]int64, into *candidates) error {
	if len(l.messages) == 0 {
		return nil
	}
	rows, err := tx.ConversationMember.Query().
		Where(conversationmember.ConversationIDIn(l.conversations()...), conversationmember.Folder(int32(messagingv1.Folder_FOLDER_INBOX))).
		Order(conversationmember.ByUserID()).All(ctx)
	if err != nil {
		return err
	}
	members := map[int64][]*ent.ConversationMember{}
	for _, row := range rows {
		members[row.ConversationID] = append(members[row.ConversationID], row)
	}
	for _, m := range l.messages {
		for _, member := range members[m.GetConversationId()] {
			if _, held := heads[member.UserID]; !held {
				continue // Came after the message.
			}
			into.add(candidate{
				key:     key{member.UserID, kindMessage, m.GetSenderId(), m.GetMessageId()},
				subject: m.GetConversationId(), holds: true,
				raises: m.GetSequence() >= member.FirstSequence && m.GetSequence() > member.ReadSequence,
			})
		}
	}
	return nil
}

// readConversations marks the notifications of conversations as read whose members have read all that they were notified of.
func (l *looks) readConversations(ctx context.Context, tx *store.Tx) error {
	if len(l.reads) == 0 {
		return nil
	}
	var readers, conversations []int64
	for read := range l.reads {
		readers, conversations = append(readers, read.from), append(conversations, read.to)
	}
	rows, err := tx.Notification.Query().Where(
		entnotification.RecipientIDIn(id.Unique(readers)...), entnotification.Kind(int32(kindMessage)),
		entnotification.SubjectIDIn(id.Unique(conversations)...), entnotification.Read(false), allRead,
	).All(ctx)
	if err != nil || len(rows) == 0 {
		return err
	}
	var read, recipients []int64
	for _, row := range rows {
		if _, is := l.reads[pair{row.RecipientID, row.SubjectID}]; is {
			read, recipients = append(read, row.ID), append(recipients, row.RecipientID)
		}
	}
	if err := tx.Notification.Update().Where(entnotification.IDIn(read...)).SetRead(true).Exec(ctx); err != nil {
		return err
	}
	for _, recipient := range id.Unique(recipients) {
		if err := tx.Emit(&busv1.NotificationsRead{RecipientId: recipient}); err != nil {
			return err
		}
	}
	return nil
}

// allRead matches notifications of messages of which none is newer than what their recipient has read.
func allRead(s *entsql.Selector) {
	causes, messages, members := entsql.Table(notificationcause.Table), entsql.Table(message.Table), entsql.Table(conversationmember.Table)
	unread := entsql.Select(causes.C(notificationcause.FieldID)).From(causes).
		Join(messages).On(messages.C(message.FieldID), causes.C(notificationcause.FieldObjectID)).
		Join(members).On(members.C(conversationmember.FieldConversationID), messages.C(message.FieldConversationID)).
		Where(entsql.And(
			entsql.ColumnsEQ(causes.C(notificationcause.FieldNotificationID), s.C(entnotification.FieldID)),
			entsql.ColumnsEQ(members.C(conversationmember.FieldUserID), s.C(entnotification.FieldRecipientID)),
			entsql.ColumnsGT(messages.C(message.FieldSequence), members.C(conversationmember.FieldReadSequence)),
		))
	s.Where(entsql.NotExists(unread))
}
