package realtime

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/pulse-social/pulse/ent"
	entconversation "github.com/pulse-social/pulse/ent/conversation"
	"github.com/pulse-social/pulse/ent/conversationmember"
	entmessage "github.com/pulse-social/pulse/ent/message"
	"github.com/pulse-social/pulse/ent/predicate"
	"github.com/pulse-social/pulse/ent/streamconversation"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/store"
)

// talk is one conversation that events of a batch are about.
type talk struct {
	// logged is up to which sequence number its messages are logged.
	logged int64
	// members are those who have a log.
	members []*ent.ConversationMember
}

// present answers the members who may see a message, or all for the number 0.
func (t *talk) present(sequence int64) []int64 {
	var people []int64
	for _, m := range t.members {
		if sequence == 0 || m.FirstSequence <= sequence {
			people = append(people, m.UserID)
		}
	}
	return people
}

// logConversations logs what happened in conversations. Of each that an event is about, all messages that are there and not
// logged yet come first, in order: so they are logged in order whatever order the events come in, and nothing is told of a message
// before the message.
func logConversations(ctx context.Context, tx *store.Tx, events []bus.Event, into entries) error {
	talks := map[int64]*talk{}
	for _, event := range events {
		if ofConversation(event) {
			talks[event.AggregateID] = &talk{}
		}
	}
	if len(talks) == 0 {
		return nil
	}
	if err := holdTalks(ctx, tx, talks); err != nil {
		return err
	}
	if err := readMembers(ctx, tx, talks); err != nil {
		return err
	}
	if err := logMessages(ctx, tx, talks, into); err != nil {
		return err
	}
	for _, event := range events {
		if ofConversation(event) {
			logChange(event, talks[event.AggregateID], into)
		}
	}
	return nil
}

// ofConversation tells whether an event is about a conversation.
func ofConversation(event bus.Event) bool {
	switch event.Message.(type) {
	case *busv1.MessageSent, *busv1.MessageChanged, *busv1.ConversationChanged, *busv1.ConversationLeft, *busv1.ConversationRead:
		return true
	}
	return false
}

// holdTalks reads up to where conversations are logged, and keeps others from logging more until the transaction ends.
func holdTalks(ctx context.Context, tx *store.Tx, talks map[int64]*talk) error {
	ids := slices.Sorted(maps.Keys(talks))
	rows := make([]*ent.StreamConversationCreate, len(ids))
	for i, id := range ids {
		rows[i] = tx.StreamConversation.Create().SetID(id).SetSequence(0)
	}
	if err := tx.StreamConversation.CreateBulk(rows...).OnConflictColumns(streamconversation.FieldID).Ignore().Exec(ctx); err != nil {
		return fmt.Errorf("begin conversations: %w", err)
	}
	query := tx.StreamConversation.Query().Where(streamconversation.IDIn(ids...)).Order(streamconversation.ByID())
	if tx.Store().IsPostgres() {
		query.ForUpdate() // SQLite has one writer.
	}
	held, err := query.All(ctx)
	if err != nil {
		return fmt.Errorf("hold conversations: %w", err)
	}
	for _, row := range held {
		talks[row.ID].logged = row.Sequence
	}
	return nil
}

// readMembers reads who takes part in conversations and has a log.
func readMembers(ctx context.Context, tx *store.Tx, talks map[int64]*talk) error {
	members, err := tx.ConversationMember.Query().Where(
		conversationmember.ConversationIDIn(slices.Collect(maps.Keys(talks))...),
		conversationmember.FolderIn(int32(messagingv1.Folder_FOLDER_INBOX), int32(messagingv1.Folder_FOLDER_REQUESTS)),
		haveLog(conversationmember.FieldUserID),
	).All(ctx)
	if err != nil {
		return fmt.Errorf("read members: %w", err)
	}
	for _, m := range members {
		talks[m.ConversationID].members = append(talks[m.ConversationID].members, m)
	}
	return nil
}

// logMessages logs the messages of conversations that are not logged yet.
func logMessages(ctx context.Context, tx *store.Tx, talks map[int64]*talk, into entries) error {
	newest, err := tx.Conversation.Query().Where(entconversation.IDIn(slices.Collect(maps.Keys(talks))...)).
		Select(entconversation.FieldID, entconversation.FieldLastSequence).All(ctx)
	if err != nil {
		return fmt.Errorf("read conversations: %w", err)
	}
	var news []predicate.Message
	advanced := map[int64][]int64{} // conversations by up to where they are logged from now on
	for _, c := range newest {
		if logged := talks[c.ID].logged; c.LastSequence > logged {
			news = append(news, entmessage.And(entmessage.ConversationID(c.ID), entmessage.SequenceGT(logged), entmessage.SequenceLTE(c.LastSequence)))
			advanced[c.LastSequence] = append(advanced[c.LastSequence], c.ID)
		}
	}
	if len(news) == 0 {
		return nil
	}
	messages, err := tx.Message.Query().Where(entmessage.Or(news...)).Order(entmessage.BySequence()).
		Select(entmessage.FieldID, entmessage.FieldConversationID, entmessage.FieldSequence, entmessage.FieldSenderID).All(ctx)
	if err != nil {
		return fmt.Errorf("read messages: %w", err)
	}
	for _, m := range messages {
		for _, userID := range talks[m.ConversationID].present(m.Sequence) {
			into.add(userID, entry{kind: kindMessageSent, object: m.ID, actor: m.SenderID})
		}
	}
	for sequence, ids := range advanced {
		tx.Last(store.StatementOf(tx.Update(streamconversation.Table, streamconversation.IDIn(ids...)).Set(streamconversation.FieldSequence, sequence)))
	}
	return nil
}

// logChange logs what an event tells besides new messages.
func logChange(event bus.Event, t *talk, into entries) {
	all := func(what entry, sequence int64) {
		for _, userID := range t.present(sequence) {
			into.add(userID, what)
		}
	}
	switch e := event.Message.(type) {
	case *busv1.MessageChanged:
		all(entry{kind: kindMessageChanged, object: e.GetMessageId()}, e.GetSequence())
	case *busv1.ConversationChanged:
		what := entry{kind: kindConversationChanged, object: e.GetConversationId()}
		if e.GetUserId() != 0 {
			into.add(e.GetUserId(), what)
			return
		}
		all(what, 0)
	case *busv1.ConversationLeft:
		into.add(e.GetUserId(), entry{kind: kindConversationLeft, object: e.GetConversationId()})
	case *busv1.ConversationRead:
		what := entry{kind: kindConversationRead, object: e.GetConversationId(), actor: e.GetUserId()}
		if e.GetUnannounced() {
			into.add(e.GetUserId(), what)
			return
		}
		all(what, 0)
	}
}
