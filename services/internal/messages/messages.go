// Package messages answers messages as those see them who take part in their conversations.
package messages

import (
	"context"
	"fmt"
	"slices"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/maypok86/otter/v2"

	"github.com/pulse-social/pulse/ent"
	entconversation "github.com/pulse-social/pulse/ent/conversation"
	entmessage "github.com/pulse-social/pulse/ent/message"
	"github.com/pulse-social/pulse/ent/messagereaction"
	"github.com/pulse-social/pulse/ent/predicate"
	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/people"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// A Renderer answers messages.
type Renderer struct {
	db *store.DB
	// groups tells of conversations whether they are groups, which never changes.
	groups *otter.Cache[int64, bool]
}

const (
	// groupsKept bounds of how many conversations a process remembers whether they are groups.
	groupsKept = 100_000
	// looksAtOnce bounds how many looks one query answers.
	looksAtOnce = 1_000
)

// NewRenderer makes a renderer.
func NewRenderer(db *store.DB) *Renderer {
	return &Renderer{db, otter.Must(&otter.Options[int64, bool]{MaximumSize: groupsKept})}
}

// Names of what queries of messages answer beside them.
const (
	columnReacted = "reacted"
	columnAcross  = "across"
)

// Beside has a query of messages answer beside each what [Renderer.Render] asks of it: whether anybody reacted to it, mostly
// nobody, and whether its sender is across a block from the viewer.
func Beside(viewer int64) predicate.Message {
	return func(s *entsql.Selector) { beside(s, visibility.AcrossIn(viewer, s.C(entmessage.FieldSenderID))) }
}

func beside(s *entsql.Selector, across *entsql.Predicate) {
	reactions := entsql.Table(messagereaction.Table)
	s.AppendSelectExprAs(entsql.Exists(entsql.Select(reactions.C(messagereaction.FieldID)).From(reactions).
		Where(entsql.ColumnsEQ(reactions.C(messagereaction.FieldMessageID), s.C(entmessage.FieldID)))), columnReacted)
	s.AppendSelectExprAs(across, columnAcross)
}

// is answers what stands beside a message.
func is(m *ent.Message, column string) bool {
	value, err := m.Value(column)
	if err != nil {
		panic("a message is rendered that was read without messages.Beside")
	}
	return store.IsTrue(value)
}

// seen is a message as somebody sees it.
type seen struct {
	*ent.Message

	look visibility.Sight
}

// Looks answers the looks that find a message which their viewer may see.
func (r *Renderer) Looks(ctx context.Context, looks []visibility.Sight) (map[visibility.Sight]*messagingv1.Message, error) {
	found := make(map[visibility.Sight]*messagingv1.Message, len(looks))
	for some := range slices.Chunk(visibility.UniqueSights(looks), looksAtOnce) {
		rows, err := r.read(ctx, some)
		if err != nil {
			return nil, err
		}
		messages, err := r.render(ctx, rows)
		if err != nil {
			return nil, err
		}
		for i, row := range rows {
			found[row.look] = messages[i]
		}
	}
	return found, nil
}

// read reads messages, a row for each who sees it.
func (r *Renderer) read(ctx context.Context, looks []visibility.Sight) ([]seen, error) {
	rows, err := r.db.Message.Query().Where(func(s *entsql.Selector) {
		viewer := visibility.JoinSights(s, entmessage.FieldID, looks).C(visibility.SightsViewer)
		s.AppendSelect(viewer)
		beside(s, visibility.AcrossBy(viewer, s.C(entmessage.FieldSenderID)))
		visibility.SeenMessagesBy(viewer)(s)
	}).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	read := make([]seen, len(rows))
	for i, row := range rows {
		look, err := visibility.SightIn(row, row.ID)
		if err != nil {
			return nil, err
		}
		read[i] = seen{row, look}
	}
	return read, nil
}

// Render answers messages that a viewer may see, in the given order; they were read with [Beside].
func (r *Renderer) Render(ctx context.Context, viewer int64, rows []*ent.Message) ([]*messagingv1.Message, error) {
	all := make([]seen, len(rows))
	for i, row := range rows {
		all[i] = seen{row, visibility.Sight{ViewerID: viewer, ObjectID: row.ID}}
	}
	return r.render(ctx, all)
}

// render asks one query for each kind of thing, whatever the number of messages and of those who see them.
func (r *Renderer) render(ctx context.Context, rows []seen) ([]*messagingv1.Message, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	groups, err := r.groupsOf(ctx, rows)
	if err != nil {
		return nil, err
	}
	var reacted, persons []visibility.Sight
	for _, m := range rows {
		if is(m.Message, columnReacted) {
			reacted = append(reacted, m.look)
		}
		persons = append(persons, m.person(m.SenderID))
		if m.SubjectID != 0 {
			persons = append(persons, m.person(m.SubjectID))
		}
	}
	users, err := people.SummariesFor(ctx, r.db, visibility.UniqueSights(persons))
	if err != nil {
		return nil, err
	}
	reactions, err := r.reactionsTo(ctx, reacted)
	if err != nil {
		return nil, err
	}
	messages, pictures := make([]*messagingv1.Message, len(rows)), make([]*[]*mediav1.Media, len(rows))
	for i, m := range rows {
		if groups[m.ConversationID] && is(m.Message, columnAcross) {
			messages[i] = unavailable(m.Message)
		} else {
			messages[i] = ToProto(m.Message, m.look.ViewerID)
			messages[i].Sender, messages[i].Subject = users[m.person(m.SenderID)], users[m.person(m.SubjectID)]
			messages[i].Reactions = reactions[m.look]
		}
		pictures[i] = &messages[i].Media
	}
	return messages, attachment.Fill(ctx, r.db.Client, pictures...)
}

// person is the viewer's look at a person.
func (m seen) person(userID int64) visibility.Sight {
	return visibility.Sight{ViewerID: m.look.ViewerID, ObjectID: userID}
}

// groupsOf answers which of the conversations that messages are in are groups.
func (r *Renderer) groupsOf(ctx context.Context, rows []seen) (map[int64]bool, error) {
	groups := map[int64]bool{}
	var unknown []int64
	for _, m := range rows {
		if is, known := r.groups.GetIfPresent(m.ConversationID); !known {
			unknown = append(unknown, m.ConversationID)
		} else if is {
			groups[m.ConversationID] = true
		}
	}
	if len(unknown) == 0 {
		return groups, nil
	}
	conversations, err := r.db.Conversation.Query().Where(entconversation.IDIn(id.Unique(unknown)...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read conversations: %w", err)
	}
	for _, c := range conversations {
		is := c.Kind == int32(messagingv1.ConversationKind_CONVERSATION_KIND_GROUP)
		r.groups.Set(c.ID, is)
		if is {
			groups[c.ID] = true
		}
	}
	return groups, nil
}

// InGroup tells whether a message was said in a group.
func (r *Renderer) InGroup(ctx context.Context, m *ent.Message) (bool, error) {
	groups, err := r.groupsOf(ctx, []seen{{Message: m}})
	return groups[m.ConversationID], err
}
