package modeltest_test

import (
	"cmp"
	"fmt"
	"slices"

	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
)

// Where a conversation lies with somebody, and what they may do in it.
const (
	inbox    = messagingv1.Folder_FOLDER_INBOX
	requests = messagingv1.Folder_FOLDER_REQUESTS
	nowhere  = messagingv1.Folder(3) // not in the API: the conversation is not there for them

	plain = messagingv1.MemberRole_MEMBER_ROLE_MEMBER
	admin = messagingv1.MemberRole_MEMBER_ROLE_ADMIN
	owner = messagingv1.MemberRole_MEMBER_ROLE_OWNER

	textKind = messagingv1.MessageKind_MESSAGE_KIND_TEXT
)

// talk is a conversation.
type talk struct {
	id       int64
	direct   bool
	title    string
	messages []*said
	parts    []*part // those who have been there longest first
}

// said is a message; its number is one more than its place.
type said struct {
	id              int64
	kind            messagingv1.MessageKind
	sender, subject int // nobody for none
	text            string
	replyTo         int // the place of another, or none
	deleted, edited bool
	reactions       []reaction // the oldest first
}

type reaction struct {
	who   int
	emoji string
}

// part is that somebody takes part.
type part struct {
	who         int
	role        messagingv1.MemberRole
	folder      messagingv1.Folder
	first, read int
}

// across tells whether there is a block between two people.
func (m *talkMachine) across(a, b int) bool { return m.blocks[pair{a, b}] || m.blocks[pair{b, a}] }

// reach answers where a conversation goes that somebody begins with another.
func (m *talkMachine) reach(sender, to int) messagingv1.Folder {
	known := m.follows[pair{to, sender}]
	switch {
	case m.across(sender, to), m.wants[to] == messagingv1.MessageAudience_MESSAGE_AUDIENCE_NOBODY,
		m.wants[to] == messagingv1.MessageAudience_MESSAGE_AUDIENCE_FOLLOWED && !known:
		return nowhere
	case known || m.wants[to] == messagingv1.MessageAudience_MESSAGE_AUDIENCE_EVERYONE:
		return inbox
	}
	return requests
}

// part answers what somebody takes part by, nil when they do not or do not know of it.
func (c *talk) part(who int) *part {
	for _, p := range c.parts {
		if p.who == who && p.folder != nowhere {
			return p
		}
	}
	return nil
}

// member is part, whatever they know.
func (c *talk) member(who int) *part {
	for _, p := range c.parts {
		if p.who == who {
			return p
		}
	}
	return nil
}

// peer answers the other of two.
func (c *talk) peer(who int) *part {
	if c.parts[0].who == who {
		return c.parts[1]
	}
	return c.parts[0]
}

// sees tells whether somebody sees the message at a place.
func (c *talk) sees(who, place int) bool {
	p := c.part(who)
	return p != nil && place+1 >= p.first
}

// say adds a message, which counts as read and accepted by its sender.
func (c *talk) say(s *said) {
	c.messages = append(c.messages, s)
	if p := c.member(s.sender); p != nil {
		p.read, p.folder = len(c.messages), inbox
	}
}

// tell adds messages of comings and goings.
func (c *talk) tell(sender int, kind messagingv1.MessageKind, text string, subjects ...int) {
	for _, subject := range subjects {
		c.say(&said{kind: kind, sender: sender, subject: subject, text: text, replyTo: none})
	}
}

// leave takes somebody out; an owner is succeeded.
func (c *talk) leave(who int) {
	leaving := c.member(who)
	var heir *part
	for _, p := range c.parts {
		if p != leaving && (heir == nil || p.folder < heir.folder || p.folder == heir.folder && p.role > heir.role) {
			heir = p
		}
	}
	c.tell(who, messagingv1.MessageKind_MESSAGE_KIND_MEMBER_LEFT, "", who)
	if leaving.role == owner && heir != nil {
		heir.role = owner
		c.tell(who, messagingv1.MessageKind_MESSAGE_KIND_ROLE_CHANGED, "", heir.who)
	}
	c.drop(who)
}

func (c *talk) drop(who int) {
	c.parts = slices.DeleteFunc(c.parts, func(p *part) bool { return p.who == who })
}

// unread is how many messages of others somebody has not read.
func (c *talk) unread(p *part) int {
	n := 0
	for place, s := range c.messages {
		if s.kind == textKind && s.sender != p.who && place+1 > p.read && place+1 >= p.first {
			n++
		}
	}
	return min(n, 100)
}

// place is where the conversation stands in folders.
func (c *talk) place() int64 {
	if len(c.messages) == 0 {
		return c.id
	}
	return c.messages[len(c.messages)-1].id
}

// listed are the conversations in a folder of somebody's.
func (m *talkMachine) listed(who int, folder messagingv1.Folder) []int64 {
	var in []*talk
	for _, c := range m.talks {
		if p := c.part(who); p != nil && p.folder == folder {
			in = append(in, c)
		}
	}
	slices.SortFunc(in, func(a, b *talk) int { return cmp.Compare(b.place(), a.place()) })
	ids := make([]int64, len(in))
	for i, c := range in {
		ids[i] = c.id
	}
	return ids
}

// told is what somebody is told of the message at a place.
func (m *talkMachine) told(c *talk, viewer, place int) string {
	s := c.messages[place]
	if !c.direct && m.across(viewer, s.sender) {
		return fmt.Sprintf("%d %v unavailable", place+1, s.kind)
	}
	replyTo := int64(0)
	if s.replyTo != none {
		replyTo = c.messages[s.replyTo].id
	}
	return fmt.Sprintf("%d %v by %s about %s: %q to %d, deleted %t, edited %t, %s", place+1, s.kind,
		m.name(viewer, s.sender), m.name(viewer, s.subject), s.text, replyTo, s.deleted, s.edited, m.reactions(viewer, s))
}

// name is how somebody is called, nothing when the viewer does not see them.
func (m *talkMachine) name(viewer, who int) string {
	if who == nobody || !m.seesPerson(viewer, who) {
		return "-"
	}
	return fmt.Sprint(who)
}

// reactions are those that a viewer is told of.
func (m *talkMachine) reactions(viewer int, s *said) string {
	type count struct {
		emoji string
		n     int
		own   bool
	}
	var counts []*count
	for _, r := range s.reactions {
		if m.across(viewer, r.who) {
			continue
		}
		at := slices.IndexFunc(counts, func(c *count) bool { return c.emoji == r.emoji })
		if at < 0 {
			at, counts = len(counts), append(counts, &count{emoji: r.emoji})
		}
		counts[at].n++
		counts[at].own = counts[at].own || r.who == viewer
	}
	slices.SortStableFunc(counts, func(a, b *count) int { return cmp.Compare(b.n, a.n) })
	text := ""
	for _, c := range counts {
		text += fmt.Sprintf("%s%d%t ", c.emoji, c.n, c.own)
	}
	return text
}
