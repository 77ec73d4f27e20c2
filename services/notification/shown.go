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
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// shown matches the notifications of a person that are shown to them in the application: those about something that they may
// see now, caused by somebody whom they may see and do not block. It is asked in the database, so pages are full. With kinds, only
// what those need is asked, and notifications of other kinds may be missing.
func shown(viewer int64, kinds ...int32) predicate.Notification {
	var about []predicate.Notification
	for _, of := range []struct {
		kinds []int32
		seen  []predicate.Notification
	}{
		{[]int32{int32(kindFollow), int32(kindFollowRequest), int32(kindFollowApproved)}, nil},
		{[]int32{int32(kindMessage)}, []predicate.Notification{takesPart(viewer)}},
		{
			[]int32{int32(kindLike), int32(kindRepost), int32(kindReply), int32(kindMention), int32(kindQuote)},
			[]predicate.Notification{visibility.SeenPostIn(viewer, entnotification.FieldSubjectID)},
		},
	} {
		if len(kinds) == 0 || slices.ContainsFunc(of.kinds, func(kind int32) bool { return slices.Contains(kinds, kind) }) {
			about = append(about, entnotification.And(append(of.seen, entnotification.KindIn(of.kinds...))...))
		}
	}
	return entnotification.And(
		entnotification.RecipientID(viewer), entnotification.InApp(true), entnotification.CauseCountGT(0), entnotification.Or(about...),
		func(s *entsql.Selector) {
			causes := entsql.Select().From(entsql.Table(notificationcause.Table))
			causes.Select(causes.C(notificationcause.FieldID)).
				Where(entsql.ColumnsEQ(causes.C(notificationcause.FieldNotificationID), s.C(entnotification.FieldID)))
			seenCauses(viewer)(causes)
			s.Where(entsql.Exists(causes))
		},
	)
}

// shownOf answers those of a few notifications that are shown to a person. Their kinds are read first: a plan with the visibility
// of posts in it costs Postgres many times one without, and most notifications of a busy moment are about messages.
func (h *handler) shownOf(ctx context.Context, viewer int64, ids []int64) ([]*ent.Notification, error) {
	query := h.db.Notification.Query().Where(entnotification.IDIn(ids...))
	var kinds []int32
	err := query.Clone().Unique(true).Select(entnotification.FieldKind).Scan(ctx, &kinds)
	if err != nil {
		return nil, fmt.Errorf("read the kinds of notifications: %w", err)
	}
	if len(kinds) == 0 {
		return nil, nil
	}
	rows, err := query.Where(shown(viewer, kinds...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read notifications: %w", err)
	}
	return rows, nil
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
