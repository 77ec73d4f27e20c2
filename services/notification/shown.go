package notification

import (
	"context"
	"fmt"
	"slices"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/block"
	"github.com/pulse-social/pulse/ent/conversationmember"
	entnotification "github.com/pulse-social/pulse/ent/notification"
	"github.com/pulse-social/pulse/ent/notificationcause"
	"github.com/pulse-social/pulse/ent/predicate"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// aboutPeople, aboutPosts and aboutEvents are the kinds of notifications whose subject is a person, a post and a meetup.
var (
	aboutPeople = []int32{int32(kindFollow), int32(kindFollowRequest), int32(kindFollowApproved)}
	aboutPosts  = []int32{int32(kindLike), int32(kindRepost), int32(kindReply), int32(kindMention), int32(kindQuote)}
	aboutEvents = []int32{
		int32(kindEventAnswer), int32(kindEventInvite), int32(kindEventChanged), int32(kindEventCancelled),
		int32(kindEventPromoted), int32(kindEventReminder),
	}
)

// shown matches the notifications of a person that are shown to them in the application: those about something that they may
// see now, caused by somebody whom they may see and do not block. It is asked in the database, so pages are full.
func shown(viewer int64) predicate.Notification {
	return entnotification.And(
		there(viewer),
		entnotification.Or(
			entnotification.KindIn(aboutPeople...),
			entnotification.And(entnotification.Kind(int32(kindMessage)), takesPart(viewer)),
			entnotification.And(entnotification.KindIn(aboutPosts...), visibility.SeenPostIn(viewer, entnotification.FieldSubjectID)),
			entnotification.And(entnotification.KindIn(aboutEvents...), visibility.SeenEventIn(viewer, entnotification.FieldSubjectID)),
		),
		func(s *entsql.Selector) {
			causes := entsql.Select().From(entsql.Table(notificationcause.Table))
			causes.Select(causes.C(notificationcause.FieldID)).
				Where(entsql.ColumnsEQ(causes.C(notificationcause.FieldNotificationID), s.C(entnotification.FieldID)))
			seenCauses(viewer)(causes)
			s.Where(entsql.Exists(causes))
		},
	)
}

// there matches the notifications of a person that something causes, whatever they are about.
func there(viewer int64) predicate.Notification {
	return entnotification.And(entnotification.RecipientID(viewer), entnotification.InApp(true), entnotification.CauseCountGT(0))
}

// shownOf answers those of a few notifications that [shown] matches, but for their causes, which render asks for. Each kind is
// looked at by itself: a plan with the visibility of posts in it costs Postgres many times one without, and most notifications of
// a busy moment are about messages.
func (h *handler) shownOf(ctx context.Context, viewer int64, ids []int64) ([]*ent.Notification, error) {
	rows, err := h.db.Notification.Query().Where(entnotification.IDIn(ids...), there(viewer)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read notifications: %w", err)
	}
	var conversations, posts, events []int64
	for _, row := range rows {
		switch {
		case row.Kind == int32(kindMessage):
			conversations = append(conversations, row.SubjectID)
		case slices.Contains(aboutPosts, row.Kind):
			posts = append(posts, row.SubjectID)
		case slices.Contains(aboutEvents, row.Kind):
			events = append(events, row.SubjectID)
		}
	}
	inside, err := h.takesPartIn(ctx, viewer, conversations)
	if err != nil {
		return nil, err
	}
	seen, err := h.visibility.Posts(ctx, viewer, id.Unique(posts))
	if err != nil {
		return nil, err
	}
	meetups, err := h.visibility.Events(ctx, viewer, id.Unique(events))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(rows, func(row *ent.Notification) bool {
		switch {
		case row.Kind == int32(kindMessage):
			return !inside[row.SubjectID]
		case slices.Contains(aboutPosts, row.Kind):
			return seen[row.SubjectID] == nil
		case slices.Contains(aboutEvents, row.Kind):
			return meetups[row.SubjectID] == nil
		}
		return !slices.Contains(aboutPeople, row.Kind)
	}), nil
}

// takesPartIn answers in which of the conversations the viewer takes part.
func (h *handler) takesPartIn(ctx context.Context, viewer int64, conversations []int64) (map[int64]bool, error) {
	inside := make(map[int64]bool, len(conversations))
	if len(conversations) == 0 {
		return inside, nil
	}
	members, err := h.db.ConversationMember.Query().
		Where(conversationmember.ConversationIDIn(id.Unique(conversations)...), conversationmember.UserID(viewer)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	for _, member := range members {
		inside[member.ConversationID] = true
	}
	return inside, nil
}

// takesPart matches notifications about conversations that the viewer takes part in.
func takesPart(viewer int64) predicate.Notification {
	return func(s *entsql.Selector) {
		members := entsql.Table(conversationmember.Table)
		s.Where(entsql.Exists(entsql.Select(members.C(conversationmember.FieldID)).From(members).Where(entsql.And(
			entsql.ColumnsEQ(members.C(conversationmember.FieldConversationID), s.C(entnotification.FieldSubjectID)),
			entsql.EQ(members.C(conversationmember.FieldUserID), viewer),
		))))
	}
}

// seenCauses matches the causes that hold, by people whom the viewer may see and does not block.
func seenCauses(viewer int64) func(*entsql.Selector) {
	return func(s *entsql.Selector) {
		s.Where(entsql.EQ(s.C(notificationcause.FieldHolds), true))
		visibility.SeenPersonIn(viewer, notificationcause.FieldActorID)(s)
		blocks := entsql.Table(block.Table)
		s.Where(entsql.NotExists(entsql.Select(blocks.C(block.FieldID)).From(blocks).Where(entsql.And(
			entsql.EQ(blocks.C(block.FieldBlockerID), viewer),
			entsql.ColumnsEQ(blocks.C(block.FieldBlockedID), s.C(notificationcause.FieldActorID)),
		))))
	}
}

// countedUnread is how many unread notifications are counted: it stands for "more than 99".
const countedUnread = 100

// unread answers how many notifications a person has not read, at most [countedUnread].
func unread(ctx context.Context, client *ent.Client, viewer int64) (int32, error) {
	ids, err := client.Notification.Query().Where(shown(viewer), entnotification.Read(false)).Limit(countedUnread).IDs(ctx)
	if err != nil {
		return 0, fmt.Errorf("count unread notifications: %w", err)
	}
	return int32(len(ids)), nil
}
