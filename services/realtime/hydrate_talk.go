package realtime

import (
	"context"
	"fmt"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/conversationmember"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	"github.com/pulse-social/pulse/services/internal/gather"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// seen answers what the viewer sees of the objects of items, asked for together with what others are told at the same moment.
func seen[T any](ctx context.Context, looks *gather.Gatherer[visibility.Sight, *T], viewer int64, items []*ent.StreamItem) (map[int64]*T, error) {
	mine := visibility.SightsOf(viewer, objects(items))
	all, err := looks.Get(ctx, mine...)
	if err != nil {
		return nil, err
	}
	found := make(map[int64]*T, len(mine))
	for _, look := range mine {
		if object := all[look]; object != nil {
			found[look.ObjectID] = object
		}
	}
	return found, nil
}

func (s sources) tellMessages(ctx context.Context, viewer int64, items []*ent.StreamItem) ([]response, error) {
	found, err := seen(ctx, s.said, viewer, items)
	if err != nil {
		return nil, err
	}
	return each(items, found, func(item *ent.StreamItem, message *messagingv1.Message) response {
		if item.Kind == kindMessageSent {
			return &realtimev1.SubscribeResponse{Event: &realtimev1.SubscribeResponse_MessageSent{MessageSent: message}}
		}
		return &realtimev1.SubscribeResponse{Event: &realtimev1.SubscribeResponse_MessageChanged{MessageChanged: message}}
	}), nil
}

func (s sources) tellConversations(ctx context.Context, items []*ent.StreamItem) ([]response, error) {
	answer, err := s.messages.BatchGetConversations(ctx, &messagingv1.BatchGetConversationsRequest{ConversationIds: objects(items)})
	if err != nil {
		return nil, err
	}
	found := make(map[int64]*messagingv1.Conversation, len(items))
	for _, conversation := range answer.GetConversations() {
		found[conversation.GetId()] = conversation
	}
	return each(items, found, func(_ *ent.StreamItem, conversation *messagingv1.Conversation) response {
		return &realtimev1.SubscribeResponse{Event: &realtimev1.SubscribeResponse_ConversationChanged{ConversationChanged: conversation}}
	}), nil
}

// tellLeft tells in which conversations the viewer does not take part any more: it says nothing else of them.
func tellLeft(items []*ent.StreamItem) []response {
	told := make([]response, len(items))
	for i, item := range items {
		told[i] = &realtimev1.SubscribeResponse{Event: &realtimev1.SubscribeResponse_ConversationLeft{
			ConversationLeft: &realtimev1.ConversationLeft{ConversationId: item.ObjectID},
		}}
	}
	return told
}

// tellRead tells how far members have read by now, of those conversations that the viewer takes part in. What is between the viewer
// and somebody across a block is not told, nor what somebody reads who has not accepted the conversation, but to themselves.
func (s sources) tellRead(ctx context.Context, viewer int64, items []*ent.StreamItem) ([]response, error) {
	people := []int64{viewer}
	for _, item := range items {
		people = append(people, item.ActorID)
	}
	rows, err := s.db.ConversationMember.Query().Where(
		conversationmember.ConversationIDIn(objects(items)...), conversationmember.UserIDIn(people...),
		conversationmember.FolderIn(int32(messagingv1.Folder_FOLDER_INBOX), int32(messagingv1.Folder_FOLDER_REQUESTS)),
	).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	type membership struct{ conversation, user int64 }
	members := make(map[membership]*ent.ConversationMember, len(rows))
	for _, row := range rows {
		members[membership{row.ConversationID, row.UserID}] = row
	}
	blocked, err := s.visibility.Across(ctx, viewer, people)
	if err != nil {
		return nil, err
	}
	told := make([]response, len(items))
	for i, item := range items {
		here, reader := members[membership{item.ObjectID, viewer}] != nil, members[membership{item.ObjectID, item.ActorID}]
		accepted := reader != nil && reader.Folder == int32(messagingv1.Folder_FOLDER_INBOX)
		if !here || reader == nil || item.ActorID != viewer && (!accepted || blocked[item.ActorID]) {
			continue
		}
		told[i] = &realtimev1.SubscribeResponse{Event: &realtimev1.SubscribeResponse_ConversationRead{ConversationRead: &realtimev1.ConversationRead{
			ConversationId: item.ObjectID, UserId: item.ActorID, ReadSequence: reader.ReadSequence,
		}}}
	}
	return told, nil
}

func (s sources) tellNotifications(ctx context.Context, viewer int64, items []*ent.StreamItem) ([]response, error) {
	found, err := seen(ctx, s.raised, viewer, items)
	if err != nil {
		return nil, err
	}
	return each(items, found, func(_ *ent.StreamItem, notification *notificationv1.Notification) response {
		return &realtimev1.SubscribeResponse{Event: &realtimev1.SubscribeResponse_Notification{Notification: notification}}
	}), nil
}

// tellNotificationsRead tells how many notifications are unread by now.
func (s sources) tellNotificationsRead(ctx context.Context, items []*ent.StreamItem) ([]response, error) {
	answer, err := s.notifications.GetUnreadCount(ctx, &notificationv1.GetUnreadCountRequest{})
	if err != nil {
		return nil, err
	}
	told := make([]response, len(items))
	for i := range items {
		told[i] = &realtimev1.SubscribeResponse{Event: &realtimev1.SubscribeResponse_NotificationsRead{
			NotificationsRead: &realtimev1.NotificationsRead{UnreadCount: answer.GetUnreadCount()},
		}}
	}
	return told, nil
}
