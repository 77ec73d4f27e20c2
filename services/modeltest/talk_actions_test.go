package modeltest_test

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
)

// someTalk draws a conversation, and gives the step up when there is none.
func (m *talkMachine) someTalk(rt *rapid.T) *talk {
	if len(m.talks) == 0 {
		rt.Skip("no conversation")
	}
	return m.talks[rapid.IntRange(0, len(m.talks)-1).Draw(rt, "conversation")]
}

// someMessage draws a message of a conversation.
func (m *talkMachine) someMessage(rt *rapid.T) (*talk, int) {
	c := m.someTalk(rt)
	if len(c.messages) == 0 {
		rt.Skip("no message")
	}
	return c, len(c.messages) - 1 - rapid.IntRange(0, len(c.messages)-1).Draw(rt, "messages back")
}

func (m *talkMachine) want(rt *rapid.T) {
	who := someone(rt, "who")
	m.wants[who] = messagingv1.MessageAudience(rapid.IntRange(1, 4).Draw(rt, "audience"))
	_, err := m.users[who].Messaging.UpdateMessagingSettings(m.t.Context(), &messagingv1.UpdateMessagingSettingsRequest{
		Settings: &messagingv1.MessagingSettings{Audience: m.wants[who]},
	})
	expect(rt, "set who may write", err, 0)
}

func (m *talkMachine) open(rt *rapid.T) {
	who, whom := someone(rt, "who"), someone(rt, "whom")
	at := slices.IndexFunc(m.talks, func(c *talk) bool { return c.direct && c.member(who) != nil && c.member(whom) != nil })
	want := errorsv1.Reason_REASON_UNSPECIFIED
	switch {
	case who == whom:
		want = errorsv1.Reason_REASON_CANNOT_MESSAGE_SELF
	case !m.seesPerson(who, whom):
		want = errorsv1.Reason_REASON_USER_NOT_FOUND
	case at < 0 && m.reach(who, whom) == nowhere:
		want = errorsv1.Reason_REASON_MESSAGE_NOT_ALLOWED
	}
	answer, err := m.users[who].Messaging.OpenDirectConversation(m.t.Context(), &messagingv1.OpenDirectConversationRequest{UserId: m.users[whom].ID})
	if !expect(rt, "open", err, want) {
		return
	}
	if at < 0 {
		m.talks = append(m.talks, &talk{id: answer.GetConversation().GetId(), direct: true, parts: []*part{
			{who: who, role: plain, folder: inbox, first: 1}, {who: whom, role: plain, folder: nowhere, first: 1},
		}})
		return
	}
	if p := m.talks[at].member(who); p.folder == nowhere {
		p.folder = inbox
	}
}

func (m *talkMachine) createGroup(rt *rapid.T) {
	who := someone(rt, "who")
	whom := rapid.SliceOfNDistinct(rapid.IntRange(0, people-1), 1, people, rapid.ID).Draw(rt, "whom")
	answer, err := m.users[who].Messaging.CreateGroup(m.t.Context(), &messagingv1.CreateGroupRequest{Title: "group", UserIds: m.ids(whom)})
	expect(rt, "create a group", err, 0)
	c := &talk{id: answer.GetConversation().GetId(), title: "group", parts: []*part{{who: who, role: owner, folder: inbox, first: 1}}}
	m.talks = append(m.talks, c)
	m.join(rt, c, who, whom, answer.GetRefusedUserIds(), who)
}

// join adds people to a group after those who are told of first.
func (m *talkMachine) join(rt *rapid.T, c *talk, who int, whom []int, gotRefused []int64, told ...int) {
	var refused []int64
	first := len(c.messages) + 1
	for _, other := range whom {
		if c.member(other) != nil {
			continue
		}
		folder := m.reach(who, other)
		if folder == nowhere {
			refused = append(refused, m.users[other].ID)
			continue
		}
		c.parts, told = append(c.parts, &part{who: other, role: plain, folder: folder, first: first, read: first - 1}), append(told, other)
	}
	c.tell(who, messagingv1.MessageKind_MESSAGE_KIND_MEMBER_ADDED, "", told...)
	if !slices.Equal(gotRefused, refused) {
		rt.Fatalf("%v were refused, want %v", gotRefused, refused)
	}
	m.learnIDs(rt, c)
}

// taking is the reason that answers for who does not take part, and for what takes a role in a group.
func taking(c *talk, who int, role messagingv1.MemberRole) errorsv1.Reason {
	switch p := c.part(who); {
	case p == nil:
		return errorsv1.Reason_REASON_CONVERSATION_NOT_FOUND
	case role != 0 && c.direct:
		return errorsv1.Reason_REASON_NOT_A_GROUP
	case p.role < role:
		return errorsv1.Reason_REASON_MEMBER_ROLE_REQUIRED
	}
	return errorsv1.Reason_REASON_UNSPECIFIED
}

func (m *talkMachine) addMembers(rt *rapid.T) {
	c, who := m.someTalk(rt), someone(rt, "who")
	whom := rapid.SliceOfNDistinct(rapid.IntRange(0, people-1), 1, 3, rapid.ID).Draw(rt, "whom")
	answer, err := m.users[who].Messaging.AddMembers(m.t.Context(), &messagingv1.AddMembersRequest{ConversationId: c.id, UserIds: m.ids(whom)})
	if expect(rt, "add", err, taking(c, who, admin)) {
		m.join(rt, c, who, whom, answer.GetRefusedUserIds())
	}
}

func (m *talkMachine) remove(rt *rapid.T) {
	c, who, whom := m.someTalk(rt), someone(rt, "who"), someone(rt, "whom")
	want := taking(c, who, plain)
	if want == 0 && who != whom {
		other := c.member(whom)
		switch want = taking(c, who, admin); {
		case want != 0:
		case other == nil || !m.seesPerson(who, whom):
			want = errorsv1.Reason_REASON_MEMBER_NOT_FOUND
		case other.role >= admin:
			want = taking(c, who, owner)
		}
	}
	_, err := m.users[who].Messaging.RemoveMember(m.t.Context(), &messagingv1.RemoveMemberRequest{ConversationId: c.id, UserId: m.users[whom].ID})
	if !expect(rt, "remove", err, want) {
		return
	}
	if who == whom {
		c.leave(who)
	} else {
		c.tell(who, messagingv1.MessageKind_MESSAGE_KIND_MEMBER_REMOVED, "", whom)
		c.drop(whom)
	}
	m.learnIDs(rt, c)
}

func (m *talkMachine) leave(rt *rapid.T) {
	c, who := m.someTalk(rt), someone(rt, "who")
	_, err := m.users[who].Messaging.LeaveConversation(m.t.Context(), &messagingv1.LeaveConversationRequest{ConversationId: c.id})
	if expect(rt, "leave", err, taking(c, who, plain)) {
		c.leave(who)
		m.learnIDs(rt, c)
	}
}

func (m *talkMachine) setRole(rt *rapid.T) {
	c, who, whom := m.someTalk(rt), someone(rt, "who"), someone(rt, "whom")
	role := messagingv1.MemberRole(rapid.IntRange(1, 3).Draw(rt, "role"))
	want, other := taking(c, who, owner), c.member(whom)
	switch {
	case want != 0:
	case other == nil || !m.seesPerson(who, whom):
		want = errorsv1.Reason_REASON_MEMBER_NOT_FOUND
	case who == whom && role != owner:
		want = errorsv1.Reason_REASON_MEMBER_ROLE_REQUIRED
	}
	_, err := m.users[who].Messaging.SetMemberRole(m.t.Context(), &messagingv1.SetMemberRoleRequest{ConversationId: c.id, UserId: m.users[whom].ID, Role: role})
	if !expect(rt, "set a role", err, want) || other.role == role {
		return
	}
	if role == owner {
		c.member(who).role = admin
	}
	other.role = role
	c.tell(who, messagingv1.MessageKind_MESSAGE_KIND_ROLE_CHANGED, "", whom)
	m.learnIDs(rt, c)
}

func (m *talkMachine) rename(rt *rapid.T) {
	c, who := m.someTalk(rt), someone(rt, "who")
	title := fmt.Sprintf("title %d", rapid.IntRange(0, 2).Draw(rt, "title"))
	_, err := m.users[who].Messaging.UpdateConversation(m.t.Context(), &messagingv1.UpdateConversationRequest{ConversationId: c.id, Title: title})
	if !expect(rt, "rename", err, taking(c, who, admin)) || c.title == title {
		return
	}
	c.title = title
	c.tell(who, messagingv1.MessageKind_MESSAGE_KIND_RENAMED, title, nobody)
	m.learnIDs(rt, c)
}

func (m *talkMachine) accept(rt *rapid.T) {
	c, who := m.someTalk(rt), someone(rt, "who")
	_, err := m.users[who].Messaging.AcceptConversation(m.t.Context(), &messagingv1.AcceptConversationRequest{ConversationId: c.id})
	if expect(rt, "accept", err, taking(c, who, 0)) {
		c.part(who).folder = inbox
	}
}

func (m *talkMachine) decline(rt *rapid.T) {
	c, who := m.someTalk(rt), someone(rt, "who")
	want := taking(c, who, 0)
	if want == 0 && c.part(who).folder == inbox {
		want = errorsv1.Reason_REASON_CONVERSATION_ACCEPTED
	}
	_, err := m.users[who].Messaging.DeclineConversation(m.t.Context(), &messagingv1.DeclineConversationRequest{ConversationId: c.id})
	switch {
	case !expect(rt, "decline", err, want):
	case c.direct:
		p := c.part(who)
		p.folder, p.first, p.read = nowhere, len(c.messages)+1, len(c.messages)
	default:
		c.drop(who)
	}
}

func (m *talkMachine) send(rt *rapid.T) {
	c, who := m.someTalk(rt), someone(rt, "who")
	m.texts++
	s := &said{kind: textKind, sender: who, subject: nobody, text: fmt.Sprintf("text %d", m.texts), replyTo: none}
	if len(c.messages) > 0 && rapid.Bool().Draw(rt, "reply") {
		s.replyTo = rapid.IntRange(0, len(c.messages)-1).Draw(rt, "to")
	}
	want, folder := m.maySend(c, s)
	req := &messagingv1.SendMessageRequest{ConversationId: c.id, Text: s.text}
	if s.replyTo != none {
		req.ReplyToMessageId = c.messages[s.replyTo].id
	}
	answer, err := m.users[who].Messaging.SendMessage(m.t.Context(), req)
	if !expect(rt, "send", err, want) {
		return
	}
	if c.direct {
		c.peer(who).folder = folder
	}
	c.say(s)
	s.id = answer.GetMessage().GetId()
}

// maySend answers why a message is refused, and where the conversation lies with the other of two afterwards.
func (m *talkMachine) maySend(c *talk, s *said) (errorsv1.Reason, messagingv1.Folder) {
	if c.part(s.sender) == nil {
		return errorsv1.Reason_REASON_CONVERSATION_NOT_FOUND, 0
	}
	folder := inbox
	if c.direct {
		peer := c.peer(s.sender)
		if peer.folder != inbox {
			folder = m.reach(s.sender, peer.who)
		}
		switch {
		case folder == nowhere || m.across(s.sender, peer.who):
			return errorsv1.Reason_REASON_MESSAGE_NOT_ALLOWED, 0
		case folder == requests && len(c.messages) >= 5:
			return errorsv1.Reason_REASON_REQUEST_PENDING, 0
		}
	}
	switch {
	case s.replyTo == none:
	case !c.sees(s.sender, s.replyTo):
		return errorsv1.Reason_REASON_MESSAGE_NOT_FOUND, 0
	case !c.direct && m.across(s.sender, c.messages[s.replyTo].sender):
		return errorsv1.Reason_REASON_MESSAGE_NOT_ALLOWED, 0
	}
	return errorsv1.Reason_REASON_UNSPECIFIED, folder
}

// touching is the reason that answers for what somebody may not do to the message at a place.
func (m *talkMachine) touching(c *talk, who, place int, onlySender bool) errorsv1.Reason {
	s := c.messages[place]
	switch {
	case !c.sees(who, place):
		return errorsv1.Reason_REASON_MESSAGE_NOT_FOUND
	case s.kind != textKind:
		return errorsv1.Reason_REASON_MESSAGE_NOT_EDITABLE
	case onlySender && s.sender != who:
		return errorsv1.Reason_REASON_NOT_MESSAGE_SENDER
	case s.deleted:
		return errorsv1.Reason_REASON_MESSAGE_NOT_EDITABLE
	case c.direct && m.across(who, c.peer(who).who), !c.direct && m.across(who, s.sender):
		return errorsv1.Reason_REASON_MESSAGE_NOT_ALLOWED
	}
	return errorsv1.Reason_REASON_UNSPECIFIED
}

func (m *talkMachine) edit(rt *rapid.T) {
	c, place := m.someMessage(rt)
	who := someone(rt, "who")
	m.texts++
	text := fmt.Sprintf("text %d", m.texts)
	_, err := m.users[who].Messaging.EditMessage(m.t.Context(), &messagingv1.EditMessageRequest{MessageId: c.messages[place].id, Text: text})
	if expect(rt, "edit", err, m.touching(c, who, place, true)) {
		c.messages[place].text, c.messages[place].edited = text, true
	}
}

func (m *talkMachine) delete(rt *rapid.T) {
	c, place := m.someMessage(rt)
	who, s := someone(rt, "who"), c.messages[place]
	want := errorsv1.Reason_REASON_UNSPECIFIED
	switch {
	case !c.sees(who, place):
		want = errorsv1.Reason_REASON_MESSAGE_NOT_FOUND
	case s.kind != textKind:
		want = errorsv1.Reason_REASON_MESSAGE_NOT_EDITABLE
	case s.sender != who && c.part(who).role < admin:
		want = errorsv1.Reason_REASON_NOT_MESSAGE_SENDER
	}
	_, err := m.users[who].Messaging.DeleteMessage(m.t.Context(), &messagingv1.DeleteMessageRequest{MessageId: s.id})
	if expect(rt, "delete", err, want) {
		s.text, s.replyTo, s.deleted, s.edited, s.reactions = "", none, true, false, nil
	}
}

func (m *talkMachine) react(rt *rapid.T) {
	c, place := m.someMessage(rt)
	r := reaction{someone(rt, "who"), rapid.SampledFrom([]string{"👍", "🎉", "❤️"}).Draw(rt, "emoji")}
	s := c.messages[place]
	_, err := m.users[r.who].Messaging.AddReaction(m.t.Context(), &messagingv1.AddReactionRequest{MessageId: s.id, Emoji: r.emoji})
	if expect(rt, "react", err, m.touching(c, r.who, place, false)) && !slices.Contains(s.reactions, r) {
		s.reactions = append(s.reactions, r)
	}
}

func (m *talkMachine) unreact(rt *rapid.T) {
	c, place := m.someMessage(rt)
	r := reaction{someone(rt, "who"), rapid.SampledFrom([]string{"👍", "🎉", "❤️"}).Draw(rt, "emoji")}
	s, want := c.messages[place], errorsv1.Reason_REASON_UNSPECIFIED
	if !c.sees(r.who, place) {
		want = errorsv1.Reason_REASON_MESSAGE_NOT_FOUND
	}
	_, err := m.users[r.who].Messaging.RemoveReaction(m.t.Context(), &messagingv1.RemoveReactionRequest{MessageId: s.id, Emoji: r.emoji})
	if expect(rt, "take a reaction back", err, want) {
		s.reactions = slices.DeleteFunc(s.reactions, func(other reaction) bool { return other == r })
	}
}

func (m *talkMachine) markRead(rt *rapid.T) {
	c, who := m.someTalk(rt), someone(rt, "who")
	sequence := rapid.IntRange(1, len(c.messages)+2).Draw(rt, "up to")
	answer, err := m.users[who].Messaging.MarkRead(m.t.Context(), &messagingv1.MarkReadRequest{ConversationId: c.id, Sequence: int64(sequence)})
	if !expect(rt, "mark as read", err, taking(c, who, 0)) {
		return
	}
	p := c.part(who)
	p.read = max(p.read, min(sequence, len(c.messages)))
	if int(answer.GetReadSequence()) != p.read || int(answer.GetUnreadCount()) != c.unread(p) {
		rt.Fatalf("read up to %d: %v, want %d, and %d unread", sequence, answer, p.read, c.unread(p))
	}
}
