package notifications

import (
	"slices"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent/block"
	"github.com/pulse-social/pulse/ent/conversationmember"
	entnotification "github.com/pulse-social/pulse/ent/notification"
	"github.com/pulse-social/pulse/ent/notificationcause"
	"github.com/pulse-social/pulse/ent/predicate"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

const kindMessage = int32(notificationv1.NotificationKind_NOTIFICATION_KIND_MESSAGE)

// aboutPeople, aboutPosts and aboutEvents are the kinds of notifications whose subject is a person, a post and a meetup.
var (
	aboutPeople = kinds(
		notificationv1.NotificationKind_NOTIFICATION_KIND_FOLLOW,
		notificationv1.NotificationKind_NOTIFICATION_KIND_FOLLOW_REQUEST,
		notificationv1.NotificationKind_NOTIFICATION_KIND_FOLLOW_APPROVED,
	)
	aboutPosts = kinds(
		notificationv1.NotificationKind_NOTIFICATION_KIND_LIKE,
		notificationv1.NotificationKind_NOTIFICATION_KIND_REPOST,
		notificationv1.NotificationKind_NOTIFICATION_KIND_REPLY,
		notificationv1.NotificationKind_NOTIFICATION_KIND_MENTION,
		notificationv1.NotificationKind_NOTIFICATION_KIND_QUOTE,
	)
	aboutEvents = kinds(
		notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_ANSWER,
		notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_INVITE,
		notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_CHANGED,
		notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_CANCELLED,
		notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_PROMOTED,
		notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_REMINDER,
	)
)

// kinds are kinds as they are kept.
func kinds(named ...notificationv1.NotificationKind) []int32 {
	kept := make([]int32, len(named))
	for i, kind := range named {
		kept[i] = int32(kind)
	}
	return kept
}

// AboutEvent tells whether the subject of notifications of the kind is a meetup.
func AboutEvent(kind notificationv1.NotificationKind) bool {
	return slices.Contains(aboutEvents, int32(kind))
}

// Shown matches the notifications of a person that are shown to them in the application: those about something that they may
// see now, caused by somebody whom they may see and do not block. It is asked in the database, so pages are full.
func Shown(viewer int64) predicate.Notification {
	return entnotification.And(
		entnotification.RecipientID(viewer), there(),
		entnotification.Or(
			entnotification.KindIn(aboutPeople...),
			entnotification.And(entnotification.Kind(kindMessage), takesPart),
			entnotification.And(entnotification.KindIn(aboutPosts...), visibility.SeenPostIn(viewer, entnotification.FieldSubjectID)),
			entnotification.And(entnotification.KindIn(aboutEvents...), visibility.SeenEventIn(viewer, entnotification.FieldSubjectID)),
		),
		func(s *entsql.Selector) {
			causes := entsql.Select().From(entsql.Table(notificationcause.Table))
			causes.Select(causes.C(notificationcause.FieldID)).
				Where(entsql.ColumnsEQ(causes.C(notificationcause.FieldNotificationID), s.C(entnotification.FieldID)))
			SeenCauses(causes)
			s.Where(entsql.Exists(causes))
		},
	)
}

// there matches notifications in the application that something causes, whatever they are about.
func there() predicate.Notification {
	return entnotification.And(entnotification.InApp(true), entnotification.CauseCountGT(0))
}

// takesPart matches notifications about conversations that their recipient takes part in.
func takesPart(s *entsql.Selector) {
	members := entsql.Table(conversationmember.Table)
	s.Where(entsql.Exists(entsql.Select(members.C(conversationmember.FieldID)).From(members).Where(entsql.And(
		entsql.ColumnsEQ(members.C(conversationmember.FieldConversationID), s.C(entnotification.FieldSubjectID)),
		entsql.ColumnsEQ(members.C(conversationmember.FieldUserID), s.C(entnotification.FieldRecipientID)),
	))))
}

// SeenCauses matches the causes that hold, by people whom the recipient may see and does not block.
func SeenCauses(s *entsql.Selector) {
	recipient := s.C(notificationcause.FieldRecipientID)
	s.Where(entsql.EQ(s.C(notificationcause.FieldHolds), true))
	visibility.SeenPersonBy(recipient, notificationcause.FieldActorID)(s)
	blocks := entsql.Table(block.Table)
	s.Where(entsql.NotExists(entsql.Select(blocks.C(block.FieldID)).From(blocks).Where(entsql.And(
		entsql.ColumnsEQ(blocks.C(block.FieldBlockerID), recipient),
		entsql.ColumnsEQ(blocks.C(block.FieldBlockedID), s.C(notificationcause.FieldActorID)),
	))))
}
