package visibility

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/block"
	"github.com/pulse-social/pulse/ent/conversation"
	"github.com/pulse-social/pulse/ent/conversationmember"
	"github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/message"
	"github.com/pulse-social/pulse/ent/messagingsetting"
	"github.com/pulse-social/pulse/ent/predicate"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
)

// Where a conversation lies with a member: the values of the column.
const (
	// FolderInbox holds what the member takes part in.
	FolderInbox = 1
	// FolderRequests holds what the member has neither accepted nor declined.
	FolderRequests = 2
	// FolderNowhere holds what the member does not know of, or declined: it is not there for the member.
	FolderNowhere = 3
)

// SeenMemberships matches the memberships by which the viewer takes part in conversations: for queries of them.
func SeenMemberships(viewer int64) predicate.ConversationMember {
	return conversationmember.And(conversationmember.UserID(viewer), conversationmember.FolderNEQ(FolderNowhere))
}

// Membership answers by what a viewer takes part in a conversation; the error is ent's not-found when they do not.
func (p *Policy) Membership(ctx context.Context, viewer, conversationID int64) (*ent.ConversationMember, error) {
	found, err := p.db.ConversationMember.Query().Where(conversationmember.ConversationID(conversationID), SeenMemberships(viewer)).Only(ctx)
	return found, annotate("look who takes part", err)
}

// SeenConversations matches the conversations that the viewer takes part in: for queries that look for conversations.
func SeenConversations(userID int64) predicate.Conversation {
	return func(s *entsql.Selector) {
		s.Where(takesPart(viewer{id: userID}, s.C(conversation.FieldID)))
	}
}

// SeenMessages matches the messages of conversations that the viewer takes part in, from where they joined: for queries that
// look for messages. What stands between the viewer and somebody across a block is among them, for it has its number; who
// answers it asks [Policy.Across], and leaves out in a group who sent it and what it says.
func SeenMessages(userID int64) predicate.Message { return seenMessages(viewer{id: userID}) }

// SeenMessagesBy is [SeenMessages] for whomever a column of the query names.
func SeenMessagesBy(column string) predicate.Message { return seenMessages(viewer{column: column}) }

// seenMessages is [SeenMessages] for a viewer whom the query itself may name.
func seenMessages(viewer viewer) predicate.Message {
	return func(s *entsql.Selector) {
		s.Where(takesPart(viewer, s.C(message.FieldConversationID), func(members *entsql.SelectTable) *entsql.Predicate {
			return entsql.ColumnsLTE(members.C(conversationmember.FieldFirstSequence), s.C(message.FieldSequence))
		}))
	}
}

// takesPart tells that a viewer takes part in the conversation that a column names.
func takesPart(viewer viewer, column string, besides ...func(*entsql.SelectTable) *entsql.Predicate) *entsql.Predicate {
	members := entsql.Table(conversationmember.Table)
	is := []*entsql.Predicate{
		entsql.ColumnsEQ(members.C(conversationmember.FieldConversationID), column),
		viewer.is(members.C(conversationmember.FieldUserID)),
		entsql.NEQ(members.C(conversationmember.FieldFolder), FolderNowhere),
	}
	for _, more := range besides {
		is = append(is, more(members))
	}
	return entsql.Exists(entsql.Select(members.C(conversationmember.FieldID)).From(members).Where(entsql.And(is...)))
}

// Message answers a message that the viewer may see; the error is ent's not-found otherwise.
func (p *Policy) Message(ctx context.Context, viewer, messageID int64) (*ent.Message, error) {
	found, err := p.db.Message.Query().Where(message.ID(messageID), SeenMessages(viewer)).Only(ctx)
	return found, annotate("look for the message", err)
}

// Across answers those of the people between whom and the viewer there is a block, in either direction.
func (p *Policy) Across(ctx context.Context, viewer int64, userIDs []int64) (map[int64]bool, error) {
	across := map[int64]bool{}
	if len(userIDs) == 0 {
		return across, nil
	}
	rows, err := p.db.Block.Query().Where(block.Or(
		block.And(block.BlockerID(viewer), block.BlockedIDIn(userIDs...)),
		block.And(block.BlockedID(viewer), block.BlockerIDIn(userIDs...)),
	)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for blocks: %w", err)
	}
	for _, row := range rows {
		across[row.BlockerID+row.BlockedID-viewer] = true
	}
	return across, nil
}

// NotAcrossIn matches rows, of whatever table, whose column holds the id of a person between whom and the viewer there is no
// block in either direction.
func NotAcrossIn(userID int64, column string) func(*entsql.Selector) {
	return notAcross(viewer{id: userID}, column)
}

// NotAcrossBy is [NotAcrossIn] for whomever another column of the query names.
func NotAcrossBy(viewerColumn, column string) func(*entsql.Selector) {
	return notAcross(viewer{column: viewerColumn}, column)
}

func notAcross(viewer viewer, column string) func(*entsql.Selector) {
	return func(s *entsql.Selector) {
		blocks := entsql.Table(block.Table)
		for _, way := range [][2]string{{block.FieldBlockerID, block.FieldBlockedID}, {block.FieldBlockedID, block.FieldBlockerID}} {
			s.Where(entsql.NotExists(entsql.Select(blocks.C(block.FieldID)).From(blocks).Where(entsql.And(
				viewer.is(blocks.C(way[0])), entsql.ColumnsEQ(blocks.C(way[1]), s.C(column)),
			))))
		}
	}
}

// AcrossIn tells that there is a block, in either direction, between the viewer and whom a column of a query names.
func AcrossIn(userID int64, column string) *entsql.Predicate {
	return blocked(column, viewer{id: userID})
}

// AcrossBy is [AcrossIn] for whomever another column of the query names.
func AcrossBy(viewerColumn, column string) *entsql.Predicate {
	return blocked(column, viewer{column: viewerColumn})
}

// Reach answers where with people a conversation goes that a sender begins with them: [FolderInbox] or [FolderRequests], as
// they want it. Whom the sender cannot see or blocks, and who does not want it, is not in the answer.
func (p *Policy) Reach(ctx context.Context, sender int64, userIDs []int64) (map[int64]int32, error) {
	seen, err := p.Users(ctx, sender, userIDs)
	if err != nil {
		return nil, err
	}
	across, err := p.Across(ctx, sender, userIDs)
	if err != nil {
		return nil, err
	}
	following, err := p.db.Follow.Query().Where(follow.FolloweeID(sender), follow.FollowerIDIn(userIDs...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look who follows the sender: %w", err)
	}
	known := make(map[int64]bool, len(following))
	for _, row := range following {
		known[row.FollowerID] = true
	}
	settings, err := p.db.MessagingSetting.Query().Where(messagingsetting.IDIn(userIDs...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read who wants messages: %w", err)
	}
	audiences := make(map[int64]messagingv1.MessageAudience, len(settings))
	for _, row := range settings {
		audiences[row.ID] = messagingv1.MessageAudience(row.Audience)
	}
	reach := make(map[int64]int32, len(seen))
	for userID := range seen {
		if folder := folderFor(audiences[userID], known[userID]); folder != FolderNowhere && !across[userID] {
			reach[userID] = folder
		}
	}
	return reach, nil
}

// folderFor answers where a conversation goes that somebody begins whom its receiver follows or not.
func folderFor(audience messagingv1.MessageAudience, followed bool) int32 {
	switch audience {
	case messagingv1.MessageAudience_MESSAGE_AUDIENCE_EVERYONE:
		return FolderInbox
	case messagingv1.MessageAudience_MESSAGE_AUDIENCE_NOBODY:
		return FolderNowhere
	case messagingv1.MessageAudience_MESSAGE_AUDIENCE_FOLLOWED:
		if followed {
			return FolderInbox
		}
		return FolderNowhere
	default: // So it is for those who never said.
		if followed {
			return FolderInbox
		}
		return FolderRequests
	}
}
