package realtime

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/gen/pulse/messaging/v1/messagingv1connect"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/gen/pulse/notification/v1/notificationv1connect"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/gen/pulse/post/v1/postv1connect"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/gather"
	"github.com/pulse-social/pulse/services/internal/messages"
	"github.com/pulse-social/pulse/services/internal/mute"
	"github.com/pulse-social/pulse/services/internal/notifications"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// sources answer what items are about, as the caller of the stream sees it, each time: so what a person may not see by then is not
// told. What many are told at the same moment is read for all of them at once; for the rest the services that own it are asked.
type sources struct {
	db            *store.DB
	visibility    *visibility.Policy
	looker        *looker
	posts         postv1connect.PostServiceClient
	copies        postCopies
	said          *gather.Gatherer[visibility.Sight, *messagingv1.Message]
	raised        *gather.Gatherer[visibility.Sight, *notificationv1.Notification]
	messages      messagingv1connect.MessagingServiceClient
	notifications notificationv1connect.NotificationServiceClient
	now           clock.Clock
}

func newSources(d service.Deps) sources {
	return sources{
		db: d.DB, visibility: d.Visibility, looker: newLooker(d.DB), posts: postv1connect.NewPostServiceClient(d.Dial("post")),
		copies:        newPostCopies(d.Now),
		said:          gather.New(sightsTimeout, messages.NewRenderer(d.DB).Looks),
		raised:        gather.New(sightsTimeout, notifications.NewRenderer(d.DB, d.Visibility).Looks),
		messages:      messagingv1connect.NewMessagingServiceClient(d.Dial("messaging")),
		notifications: notificationv1connect.NewNotificationServiceClient(d.Dial("notification")),
		now:           d.Now,
	}
}

// response is one thing to tell; nil is what is not to be told.
type response = *realtimev1.SubscribeResponse

// tell answers what items tell a person, by their place among the items. All of one kind are asked for at once, wherever they
// stand: a person who comes back finds messages and notifications in turns.
func (s sources) tell(ctx context.Context, viewer int64, items []*ent.StreamItem) ([]response, error) {
	var kinds []int32
	places := map[int32][]int{}
	for i, item := range items {
		if places[item.Kind] == nil {
			kinds = append(kinds, item.Kind)
		}
		places[item.Kind] = append(places[item.Kind], i)
	}
	told := make([]response, len(items))
	for _, kind := range kinds {
		same := make([]*ent.StreamItem, 0, len(places[kind]))
		for _, i := range places[kind] {
			same = append(same, items[i])
		}
		some, err := s.tellKind(ctx, viewer, same)
		if err != nil {
			return nil, err
		}
		for n, i := range places[kind] {
			told[i] = some[n]
		}
	}
	return told, nil
}

// tellKind is tell for items of one kind.
func (s sources) tellKind(ctx context.Context, viewer int64, items []*ent.StreamItem) ([]response, error) {
	switch items[0].Kind {
	case kindPost:
		return s.tellPosts(ctx, viewer, items)
	case kindMessageSent, kindMessageChanged:
		return s.tellMessages(ctx, viewer, items)
	case kindConversationChanged:
		return s.tellConversations(ctx, items)
	case kindConversationLeft:
		return tellLeft(items), nil
	case kindConversationRead:
		return s.tellRead(ctx, viewer, items)
	case kindNotification:
		return s.tellNotifications(ctx, viewer, items)
	case kindNotificationsRead:
		return s.tellNotificationsRead(ctx, items)
	}
	return make([]response, len(items)), nil // Logged by a newer version.
}

// objects are what items are about, each once.
func objects(items []*ent.StreamItem) []int64 {
	ids, seen := make([]int64, 0, len(items)), make(map[int64]bool, len(items))
	for _, item := range items {
		if !seen[item.ObjectID] {
			seen[item.ObjectID] = true
			ids = append(ids, item.ObjectID)
		}
	}
	return ids
}

// each answers what the items tell, by what was answered of their objects.
func each[T any](items []*ent.StreamItem, found map[int64]T, response func(item *ent.StreamItem, object T) response) []response {
	told := make([]*realtimev1.SubscribeResponse, len(items))
	for i, item := range items {
		if object, ok := found[item.ObjectID]; ok {
			told[i] = response(item, object)
		}
	}
	return told
}

// tellPosts tells those posts that the home timeline would show: those of the viewer, and of whom they follow now and have not muted.
func (s sources) tellPosts(ctx context.Context, viewer int64, items []*ent.StreamItem) ([]response, error) {
	sights, mutes, err := s.looker.sights(ctx, viewer, objects(items))
	if err != nil {
		return nil, err
	}
	posts, err := s.copies.read(ctx, s.posts, sights)
	if err != nil {
		return nil, err
	}
	var rules *mute.Rules
	if mutes {
		if rules, err = mute.Of(ctx, s.db.Client, viewer); err != nil {
			return nil, err
		}
	}
	found := make(map[int64]*postv1.Post, len(posts))
	for _, post := range posts {
		if post.GetAuthor().GetId() == viewer || !s.muted(rules, post) {
			found[post.GetId()] = post
		}
	}
	return each(items, found, func(_ *ent.StreamItem, post *postv1.Post) response {
		return &realtimev1.SubscribeResponse{Event: &realtimev1.SubscribeResponse_TimelinePost{TimelinePost: &realtimev1.TimelinePost{Post: post}}}
	}), nil
}

// muted tells whether a person has muted a post: who wrote it or the post that it passes on, or what it says.
func (s sources) muted(rules *mute.Rules, post *postv1.Post) bool {
	now, passed := s.now(), post.GetRepostOf()
	if rules.Person(post.GetAuthor().GetId(), now) || passed != nil && rules.Person(passed.GetAuthor().GetId(), now) {
		return true
	}
	for _, part := range []*postv1.Post{post, passed, post.GetQuote(), passed.GetQuote()} {
		if part != nil && rules.Text(now, part.GetText(), part.GetContentWarning()) {
			return true
		}
	}
	return false
}
