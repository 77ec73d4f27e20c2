package realtime

import (
	"context"
	"fmt"
	"maps"
	"slices"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/conversationmember"
	entmessage "github.com/pulse-social/pulse/ent/message"
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
	rows := tx.Insert(streamconversation.Table, streamconversation.FieldID, streamconversation.FieldSequence)
	for _, id := range slices.Sorted(maps.Keys(talks)) {
		rows.Values(id, 0)
	}
	// To change a row to what it is locks it, on either database.
	rows.OnConflict(entsql.ConflictColumns(streamconversation.FieldID), entsql.ResolveWithIgnore()).
		Returning(streamconversation.FieldID, streamconversation.FieldSequence)
	query, args := rows.Query()
	held, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("hold conversations: %w", err)
	}
	defer held.Close()
	for held.Next() {
		var id, logged int64
		if err := held.Scan(&id, &logged); err != nil {
			return fmt.Errorf("hold conversations: %w", err)
		}
		talks[id].logged = logged
	}
	return held.Err()
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

// logMessages logs the messages of conversations that are not logged yet. Their numbers become visible in order and without gaps, so
// what one query finds is all up to the newest.
func logMessages(ctx context.Context, tx *store.Tx, talks map[int64]*talk, into entries) error {
	logged := make([][2]int64, 0, len(talks))
	for _, id := range slices.Sorted(maps.Keys(talks)) {
		logged = append(logged, [2]int64{id, talks[id].logged})
	}
	messages, err := tx.Message.Query().Where(func(s *entsql.Selector) {
		talks := entsql.Table("talks")
		conversation := s.C(entmessage.FieldConversationID)
		s.Prefix(store.WithPairs(s.Dialect(), "talks", "conversation", "logged", logged)).Join(talks).On(conversation, talks.C("conversation"))
		s.Where(entsql.ColumnsGT(s.C(entmessage.FieldSequence), talks.C("logged")))
	}).Order(entmessage.BySequence()).
		Select(entmessage.FieldID, entmessage.FieldConversationID, entmessage.FieldSequence, entmessage.FieldSenderID).All(ctx)
	if err != nil {
		return fmt.Errorf("read messages: %w", err)
	}
	newest := map[int64]int64{}
	for _, m := range messages {
		newest[m.ConversationID] = m.Sequence
		for _, userID := range talks[m.ConversationID].present(m.Sequence) {
			into.add(userID, entry{kind: kindMessageSent, object: m.ID, actor: m.SenderID})
		}
	}
	advanced := map[int64][]int64{} // conversations by up to where they are logged from now on
	for id, sequence := range newest {
		advanced[sequence] = append(advanced[sequence], id)
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
