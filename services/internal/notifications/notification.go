package notifications

import (
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/services/internal/id"
)

// writtenByActor are the kinds of notifications whose subject is a post that the actor wrote.
var writtenByActor = kinds(
	notificationv1.NotificationKind_NOTIFICATION_KIND_REPLY,
	notificationv1.NotificationKind_NOTIFICATION_KIND_MENTION,
	notificationv1.NotificationKind_NOTIFICATION_KIND_QUOTE,
)

// toProto answers a notification without its actors; about is the post that it is about, if it is.
func toProto(row *ent.Notification, by actors, about *ent.Post) *notificationv1.Notification {
	n := &notificationv1.Notification{
		Id: row.ID, Kind: notificationv1.NotificationKind(row.Kind), ActorCount: by.people, CauseCount: by.causes,
		Read: row.Read, Sequence: row.Sequence,
		UpdateTime: timestamppb.New(row.UpdatedAt), CreateTime: timestamppb.New(id.Time(row.ID)),
	}
	if slices.Contains(writtenByActor, row.Kind) {
		n.ActorPostId = row.SubjectID
	}
	switch n.GetKind() {
	case notificationv1.NotificationKind_NOTIFICATION_KIND_LIKE, notificationv1.NotificationKind_NOTIFICATION_KIND_REPOST:
		n.PostId = row.SubjectID
	case notificationv1.NotificationKind_NOTIFICATION_KIND_MESSAGE:
		n.ConversationId = row.SubjectID
	case notificationv1.NotificationKind_NOTIFICATION_KIND_REPLY:
		if about != nil {
			n.PostId = about.ReplyToID
		}
	case notificationv1.NotificationKind_NOTIFICATION_KIND_QUOTE:
		if about != nil {
			n.PostId = about.QuoteOfID
		}
	default:
		if AboutEvent(n.GetKind()) {
			n.EventId = row.SubjectID
		}
	}
	return n
}
