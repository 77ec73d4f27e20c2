package modeltest_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// TestEverybodysConversationsAreTheModels has people begin conversations, come and go, and say and do random things in them,
// and compares what everybody has of each with the model: those who do not take part have nothing.
func TestEverybodysConversationsAreTheModels(t *testing.T) {
	p := pulsetest.Start(t)
	var walks, steps atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		m := &talkMachine{machine: newMachine(t, rt, p, walks.Add(1))}
		actions := m.talkActions()
		actions[""] = func(rt *rapid.T) {
			if steps.Add(1)%compareEvery == 0 {
				m.compareTalks(rt)
			}
		}
		rt.Repeat(actions)
		m.compareTalks(rt)
	})
	p.Settle(t)
	t.Logf("%d steps in %d walks", steps.Load(), walks.Load())
}

// talkMachine does the same to Pulse's conversations and to those of the model.
type talkMachine struct {
	*machine
	talks []*talk
	// wants is who may begin a conversation with each; they are asked first as long as they have not said.
	wants [people]messagingv1.MessageAudience
	// texts is how many there were, for each to be another.
	texts int
}

// talkActions are what people do, by name; what makes conversations longer comes more often.
func (m *talkMachine) talkActions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"follow": m.follow, "unfollow": m.unfollow, "block": m.block, "unblock": m.unblock, "unblock again": m.unblock, "want": m.want,
		"open": m.open, "create a group": m.createGroup, "add": m.addMembers, "remove": m.remove, "leave": m.leave, "set a role": m.setRole,
		"rename": m.rename, "accept": m.accept, "accept again": m.accept, "decline": m.decline,
		"send": m.send, "send again": m.send, "send once more": m.send, "edit": m.edit, "delete": m.delete,
		"react": m.react, "react again": m.react, "take a reaction back": m.unreact, "mark as read": m.markRead,
	}
}

// ids answers people's ids.
func (m *talkMachine) ids(who []int) []int64 {
	ids := make([]int64, len(who))
	for i, n := range who {
		ids[i] = m.users[n].ID
	}
	return ids
}

// learnIDs learns the ids of messages that no call answered, from somebody who sees them; when nobody does, none is needed.
func (m *talkMachine) learnIDs(rt *rapid.T, c *talk) {
	for _, p := range c.parts {
		if p.folder == nowhere {
			continue
		}
		for seen, err := range m.users[p.who].AllMessages(m.t.Context(), &messagingv1.ListMessagesRequest{ConversationId: c.id, PageSize: 9}) {
			expect(rt, "read a conversation", err, 0)
			if s := c.messages[seen.GetSequence()-1]; s.id == 0 {
				s.id = seen.GetId()
			}
		}
	}
	for _, s := range c.messages {
		if s.id == 0 {
			s.id = 1 // It was told to nobody who is left.
		}
	}
}

// compareTalks compares what everybody has of every conversation, and their folders.
func (m *talkMachine) compareTalks(rt *rapid.T) {
	for viewer := range people {
		for _, c := range m.talks {
			m.compareTalk(rt, viewer, c)
		}
		for _, folder := range []messagingv1.Folder{inbox, requests} {
			ids := []int64{}
			for c, err := range m.users[viewer].AllConversations(m.t.Context(), &messagingv1.ListConversationsRequest{Folder: folder, PageSize: 3}) {
				expect(rt, "list conversations", err, 0)
				ids = append(ids, c.GetId())
			}
			if want := m.listed(viewer, folder); !slices.Equal(ids, want) {
				rt.Fatalf("%v of %d: %v, want %v", folder, viewer, ids, want)
			}
		}
	}
}

func (m *talkMachine) compareTalk(rt *rapid.T, viewer int, c *talk) {
	answer, err := m.users[viewer].Messaging.GetConversation(m.t.Context(), &messagingv1.GetConversationRequest{ConversationId: c.id})
	p := c.part(viewer)
	if !expect(rt, "get a conversation", err, taking(c, viewer, 0)) {
		_, err := m.users[viewer].Messaging.ListMessages(m.t.Context(), &messagingv1.ListMessagesRequest{ConversationId: c.id})
		expect(rt, "read a conversation without taking part", err, errorsv1.Reason_REASON_CONVERSATION_NOT_FOUND)
		return
	}
	got, last := answer.GetConversation(), 0
	if c.sees(viewer, len(c.messages)-1) && len(c.messages) > 0 {
		last = len(c.messages)
	}
	m.same(rt, viewer, c, "conversation", fmt.Sprint(got.GetTitle(), got.GetMemberCount(), got.GetLastSequence(), got.GetLastMessage().GetSequence(),
		got.GetViewer().GetFolder(), got.GetViewer().GetRole(), got.GetViewer().GetReadSequence(), got.GetViewer().GetUnreadCount(), got.GetViewer().GetFirstSequence()),
		fmt.Sprint(c.title, len(c.parts), last, last, p.folder, p.role, p.read, c.unread(p), p.first))

	var messages, wantMessages, members, wantMembers []string
	for seen, err := range m.users[viewer].AllMessages(m.t.Context(), &messagingv1.ListMessagesRequest{ConversationId: c.id, PageSize: 7}) {
		expect(rt, "read a conversation", err, 0)
		messages = append(messages, m.described(seen))
	}
	for place := len(c.messages) - 1; place >= p.first-1; place-- {
		wantMessages = append(wantMessages, m.told(c, viewer, place))
	}
	m.same(rt, viewer, c, "messages", messages, wantMessages)
	for other, err := range m.users[viewer].AllMembers(m.t.Context(), &messagingv1.ListMembersRequest{ConversationId: c.id, PageSize: 2}) {
		expect(rt, "list members", err, 0)
		members = append(members, fmt.Sprint(m.numbered(other.GetUser()), other.GetRole(), other.GetReadSequence()))
	}
	for _, other := range c.parts {
		read := other.read
		if other.folder != inbox && other != p {
			read = 0
		}
		if m.seesPerson(viewer, other.who) {
			wantMembers = append(wantMembers, fmt.Sprint(fmt.Sprint(other.who), other.role, read))
		}
	}
	m.same(rt, viewer, c, "members", members, wantMembers)
}

// same compares what a viewer is told.
func (m *talkMachine) same(rt *rapid.T, viewer int, c *talk, what string, got, want any) {
	rt.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		rt.Fatalf("%s of %d for %d:\n%q\nwant\n%q\nblocks: %v", what, c.id, viewer, got, want, m.blocks)
	}
}

// described writes a message as [talkMachine.told] does.
func (m *talkMachine) described(s *messagingv1.Message) string {
	if s.GetUnavailable() {
		return fmt.Sprintf("%d %v unavailable", s.GetSequence(), s.GetKind())
	}
	reactions := ""
	for _, r := range s.GetReactions() {
		reactions += fmt.Sprintf("%s%d%t ", r.GetEmoji(), r.GetCount(), r.GetReacted())
	}
	return fmt.Sprintf("%d %v by %s about %s: %q to %d, deleted %t, edited %t, %s", s.GetSequence(), s.GetKind(),
		m.numbered(s.GetSender()), m.numbered(s.GetSubject()), s.GetText(), s.GetReplyToMessageId(), s.GetDeleted(), s.GetEditTime() != nil, reactions)
}

// numbered answers a person's place, as the model names them.
func (m *talkMachine) numbered(user *userv1.UserSummary) string {
	for n, u := range m.users {
		if u.ID == user.GetId() {
			return fmt.Sprint(n)
		}
	}
	return "-"
}
