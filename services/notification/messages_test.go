package notification_test

import (
	"testing"

	"github.com/pulse-social/pulse/ent/conversationmember"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// conversation is one whose rows and events a test writes as the messaging service does.
type conversation struct {
	s        *store.Store
	id       int64
	sequence int64
}

// converse begins a conversation of people; who is not in the inbox has it among the requests.
func converse(t testing.TB, s *store.Store, inbox, requested []*pulsetest.User) *conversation {
	t.Helper()
	c := &conversation{s: s}
	c.write(t, func(tx *store.Tx) error {
		c.id = tx.NewID()
		if err := tx.Conversation.Create().SetID(c.id).SetKind(2).SetCreatorID(inbox[0].ID).Exec(t.Context()); err != nil {
			return err
		}
		for folder, people := range map[messagingv1.Folder][]*pulsetest.User{messagingv1.Folder_FOLDER_INBOX: inbox, messagingv1.Folder_FOLDER_REQUESTS: requested} {
			for _, u := range people {
				err := tx.ConversationMember.Create().SetID(tx.NewID()).SetConversationID(c.id).SetUserID(u.ID).SetRole(1).SetFolder(int32(folder)).Exec(t.Context())
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	return c
}

func (c *conversation) write(t testing.TB, fn func(tx *store.Tx) error) {
	t.Helper()
	must(t, c.s.For("messaging").Write(t.Context(), fn))
}

// send sends messages and answers their events.
func (c *conversation) send(t testing.TB, from *pulsetest.User, kind messagingv1.MessageKind, count int, emit bool) []*busv1.MessageSent {
	t.Helper()
	var sent []*busv1.MessageSent
	c.write(t, func(tx *store.Tx) error {
		sent = nil
		for n := range count {
			e := &busv1.MessageSent{
				ConversationId: c.id, MessageId: tx.NewID(), Sequence: c.sequence + int64(n) + 1, SenderId: from.ID, Kind: int32(kind),
			}
			sent = append(sent, e)
			err := tx.Message.Create().SetID(e.GetMessageId()).SetConversationID(c.id).SetSequence(e.GetSequence()).SetSenderID(from.ID).
				SetKind(int32(kind)).SetText("hi").Exec(t.Context())
			if err != nil {
				return err
			}
			if emit {
				if err := tx.Emit(e); err != nil {
					return err
				}
			}
		}
		newest := sent[len(sent)-1]
		return tx.Conversation.UpdateOneID(c.id).SetLastSequence(newest.GetSequence()).SetLastMessageID(newest.GetMessageId()).Exec(t.Context())
	})
	c.sequence += int64(count)
	return sent
}

// read has somebody read up to a message.
func (c *conversation) read(t testing.TB, who *pulsetest.User, upTo int64) {
	t.Helper()
	c.write(t, func(tx *store.Tx) error {
		err := tx.ConversationMember.Update().Where(conversationmember.ConversationID(c.id), conversationmember.UserID(who.ID)).
			SetReadSequence(upTo).Exec(t.Context())
		if err != nil {
			return err
		}
		return tx.Emit(&busv1.ConversationRead{ConversationId: c.id, UserId: who.ID, ReadSequence: upTo})
	})
}

// Messages are told to those who have the conversation in their inbox, together until they have read it.
func TestMessagesAreGroupedByConversationUntilItIsRead(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	ada, bob, eve, joe := p.User(t, "ada"), p.User(t, "bob"), p.User(t, "eve"), p.User(t, "joe")
	c := converse(t, database(t, p), []*pulsetest.User{ada, bob, eve}, []*pulsetest.User{joe})
	const text, renamed = messagingv1.MessageKind_MESSAGE_KIND_TEXT, messagingv1.MessageKind_MESSAGE_KIND_RENAMED
	c.send(t, bob, renamed, 1, true)
	c.send(t, bob, text, 2, true)
	p.Settle(t)
	c.send(t, eve, text, 1, true)
	three := &notificationv1.Notification{Kind: messages, ConversationId: c.id, CauseCount: 3}
	expect(t, "ada", listed(t, p, ada), by(three, eve, bob))
	expect(t, "joe has it among the requests", listed(t, p, joe))
	c.read(t, ada, 3)
	expect(t, "not all read", listed(t, p, ada), by(three, eve, bob))
	c.read(t, ada, 4)
	readThree := by(&notificationv1.Notification{Kind: messages, ConversationId: c.id, CauseCount: 3, Read: true}, eve, bob)
	expect(t, "all read", listed(t, p, ada), readThree)
	if got := unread(t, ada); got != 0 {
		t.Errorf("%d unread, want none", got)
	}
	late := c.send(t, bob, text, 1, false)
	c.read(t, ada, 5)
	p.Settle(t)
	c.write(t, func(tx *store.Tx) error { return tx.Emit(late[0]) })
	expect(t, "read before the event of it came", listed(t, p, ada), readThree)
	c.send(t, bob, text, 1, true)
	expect(t, "another", listed(t, p, ada), by(&notificationv1.Notification{Kind: messages, ConversationId: c.id}, bob), readThree)
}
