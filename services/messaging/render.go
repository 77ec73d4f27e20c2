package messaging

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	entconversation "github.com/pulse-social/pulse/ent/conversation"
	entmessage "github.com/pulse-social/pulse/ent/message"
	"github.com/pulse-social/pulse/ent/messagereaction"
	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/people"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// toProto is what a message's row says by itself to a viewer; render adds the rest.
func toProto(m *ent.Message, viewer int64) *messagingv1.Message {
	p := &messagingv1.Message{
		Id: m.ID, ConversationId: m.ConversationID, Sequence: m.Sequence, Kind: messagingv1.MessageKind(m.Kind),
		Text: m.Text, ReplyToMessageId: m.ReplyToID, CreateTime: timestamppb.New(id.Time(m.ID)), Deleted: m.Deleted,
		Media: attachment.Named(m.Media),
	}
	if m.EditedAt != nil {
		p.EditTime = timestamppb.New(*m.EditedAt)
	}
	if m.ClientID != nil && m.SenderID == viewer {
		p.ClientId = *m.ClientID
	}
	return p
}

// unavailable is all that is told of a message across a block.
func unavailable(m *ent.Message) *messagingv1.Message {
	return &messagingv1.Message{
		Id: m.ID, ConversationId: m.ConversationID, Sequence: m.Sequence, Kind: messagingv1.MessageKind(m.Kind),
		CreateTime: timestamppb.New(id.Time(m.ID)), Unavailable: true,
	}
}

// columnReacted is whether anybody reacted to a message, where [withReacted] asks for it.
const columnReacted = "reacted"

// withReacted has a query of messages answer to which there are reactions: mostly to none, and then nobody needs to count them.
func withReacted(s *entsql.Selector) {
	reactions := entsql.Table(messagereaction.Table)
	s.AppendSelectExprAs(entsql.Exists(entsql.Select(reactions.C(messagereaction.FieldID)).From(reactions).
		Where(entsql.ColumnsEQ(reactions.C(messagereaction.FieldMessageID), s.C(entmessage.FieldID)))), columnReacted)
}

// hasReactions tells whether somebody reacted to a message, and of one that was read without [withReacted] that somebody may have.
func hasReactions(m *ent.Message) bool {
	switch reacted, _ := m.Value(columnReacted); is := reacted.(type) {
	case bool: // Postgres.
		return is
	case int64: // SQLite.
		return is != 0
	}
	return true
}

// render answers messages that the viewer may see, in the given order, with one query for each kind of thing whatever their number.
func (h *handler) render(ctx context.Context, viewer int64, rows []*ent.Message) ([]*messagingv1.Message, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	groups, err := h.groupsOf(ctx, rows)
	if err != nil {
		return nil, err
	}
	reacted, persons := make([]int64, 0, len(rows)), make([]int64, 0, 2*len(rows))
	for _, m := range rows {
		if hasReactions(m) {
			reacted = append(reacted, m.ID)
		}
		persons = append(persons, m.SenderID)
		if m.SubjectID != 0 {
			persons = append(persons, m.SubjectID)
		}
	}
	across := map[int64]bool{}
	if len(groups) > 0 {
		if across, err = h.visibility.Across(ctx, viewer, id.Unique(persons)); err != nil {
			return nil, err
		}
	}
	users, err := people.Summaries(ctx, h.db, viewer, persons)
	if err != nil {
		return nil, err
	}
	reactions, err := h.reactionsTo(ctx, viewer, reacted)
	if err != nil {
		return nil, err
	}
	messages, pictures := make([]*messagingv1.Message, len(rows)), make([]*[]*mediav1.Media, len(rows))
	for i, m := range rows {
		if groups[m.ConversationID] && across[m.SenderID] {
			messages[i] = unavailable(m)
			pictures[i] = &messages[i].Media
			continue
		}
		messages[i] = toProto(m, viewer)
		messages[i].Sender, messages[i].Subject, messages[i].Reactions = users[m.SenderID], users[m.SubjectID], reactions[m.ID]
		pictures[i] = &messages[i].Media
	}
	return messages, attachment.Fill(ctx, h.db.Client, pictures...)
}

// groupsOf answers which of the conversations that messages are in are groups.
func (h *handler) groupsOf(ctx context.Context, rows []*ent.Message) (map[int64]bool, error) {
	groups := map[int64]bool{}
	var unknown []int64
	for _, m := range rows {
		if is, known := h.groups.GetIfPresent(m.ConversationID); !known {
			unknown = append(unknown, m.ConversationID)
		} else if is {
			groups[m.ConversationID] = true
		}
	}
	if len(unknown) == 0 {
		return groups, nil
	}
	conversations, err := h.db.Conversation.Query().Where(entconversation.IDIn(id.Unique(unknown)...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read conversations: %w", err)
	}
	for _, c := range conversations {
		is := c.Kind == group
		h.groups.Set(c.ID, is)
		if is {
			groups[c.ID] = true
		}
	}
	return groups, nil
}

// tally is how many reacted to a message with the same.
type tally struct {
	MessageID int64  `json:"message_id"`
	Emoji     string `json:"emoji"`
	Count     int32  `json:"count"`
	First     int64  `json:"first"` // the id of the first such reaction
}

// reactionsTo answers what people reacted with to messages, by message, but for people across a block: what is most frequent
// first, and of what is equally frequent what somebody reacted with first.
func (h *handler) reactionsTo(ctx context.Context, viewer int64, messageIDs []int64) (map[int64][]*messagingv1.ReactionCount, error) {
	if len(messageIDs) == 0 {
		return nil, nil
	}
	var rows []tally
	err := h.db.MessageReaction.Query().
		Where(messagereaction.MessageIDIn(messageIDs...), visibility.NotAcrossIn(viewer, messagereaction.FieldUserID)).
		GroupBy(messagereaction.FieldMessageID, messagereaction.FieldEmoji).
		Aggregate(ent.As(ent.Count(), "count"), ent.As(ent.Min(messagereaction.FieldID), "first")).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count reactions: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	own, err := h.ownReactions(ctx, viewer, messageIDs)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b tally) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.First, b.First))
	})
	counts := map[int64][]*messagingv1.ReactionCount{}
	for _, row := range rows {
		reacted := own[reaction{row.MessageID, row.Emoji}]
		counts[row.MessageID] = append(counts[row.MessageID], &messagingv1.ReactionCount{Emoji: row.Emoji, Count: row.Count, Reacted: reacted})
	}
	return counts, nil
}

// reaction is that somebody reacted to a message with something.
type reaction struct {
	messageID int64
	emoji     string
}

// ownReactions answers what the viewer reacted with.
func (h *handler) ownReactions(ctx context.Context, viewer int64, messageIDs []int64) (map[reaction]bool, error) {
	rows, err := h.db.MessageReaction.Query().
		Where(messagereaction.MessageIDIn(messageIDs...), messagereaction.UserID(viewer)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the caller's reactions: %w", err)
	}
	own := make(map[reaction]bool, len(rows))
	for _, row := range rows {
		own[reaction{row.MessageID, row.Emoji}] = true
	}
	return own, nil
}
