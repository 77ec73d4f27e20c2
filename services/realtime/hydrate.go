package realtime

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent"
	entfollow "github.com/pulse-social/pulse/ent/follow"
	entmute "github.com/pulse-social/pulse/ent/mute"
	"github.com/pulse-social/pulse/ent/mutedword"
	"github.com/pulse-social/pulse/gen/pulse/messaging/v1/messagingv1connect"
	"github.com/pulse-social/pulse/gen/pulse/notification/v1/notificationv1connect"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/gen/pulse/post/v1/postv1connect"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/mute"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// sources are the services that own what items are about. They are asked as the caller of the stream, each time: so what a
// person may not see by then is not told.
type sources struct {
	db            *store.DB
	visibility    *visibility.Policy
	posts         postv1connect.PostServiceClient
	messages      messagingv1connect.MessagingServiceClient
	notifications notificationv1connect.NotificationServiceClient
	now           clock.Clock
}

func newSources(d service.Deps) sources {
	return sources{
		db: d.DB, visibility: d.Visibility, posts: postv1connect.NewPostServiceClient(d.Dial("post")),
		messages:      messagingv1connect.NewMessagingServiceClient(d.Dial("messaging")),
		notifications: notificationv1connect.NewNotificationServiceClient(d.Dial("notification")),
		now:           d.Now,
	}
}

// response is one thing to tell; nil is what is not to be told.
type response = *realtimev1.SubscribeResponse

// tell answers what items tell a person, by their place among the items. Those of one kind that follow each other are asked
// for at once.
func (s sources) tell(ctx context.Context, viewer int64, items []*ent.StreamItem) ([]response, error) {
	told := make([]response, 0, len(items))
	for len(items) > 0 {
		n := 1
		for n < len(items) && items[n].Kind == items[0].Kind {
			n++
		}
		some, err := s.tellKind(ctx, viewer, items[:n])
		if err != nil {
			return nil, err
		}
		told, items = append(told, some...), items[n:]
	}
	return told, nil
}

// tellKind is tell for items of one kind.
func (s sources) tellKind(ctx context.Context, viewer int64, items []*ent.StreamItem) ([]response, error) {
	switch items[0].Kind {
	case kindPost:
		return s.tellPosts(ctx, viewer, items)
	case kindMessageSent, kindMessageChanged:
		return s.tellMessages(ctx, items)
	case kindConversationChanged:
		return s.tellConversations(ctx, items)
	case kindConversationLeft:
		return tellLeft(items), nil
	case kindConversationRead:
		return s.tellRead(ctx, viewer, items)
	case kindNotification:
		return s.tellNotifications(ctx, items)
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
	answer, err := s.posts.BatchGetPosts(ctx, &postv1.BatchGetPostsRequest{PostIds: objects(items)})
	if err != nil || len(answer.GetPosts()) == 0 {
		return make([]response, len(items)), err
	}
	followed, mutes, err := s.followed(ctx, viewer, answer.GetPosts())
	if err != nil {
		return nil, err
	}
	var rules *mute.Rules
	if mutes {
		if rules, err = mute.Of(ctx, s.db.Client, viewer); err != nil {
			return nil, err
		}
	}
	found := make(map[int64]*postv1.Post, len(items))
	for _, post := range answer.GetPosts() {
		author := post.GetAuthor().GetId()
		if author == viewer || followed[author] && !s.muted(rules, post) {
			found[post.GetId()] = post
		}
	}
	return each(items, found, func(_ *ent.StreamItem, post *postv1.Post) response {
		return &realtimev1.SubscribeResponse{Event: &realtimev1.SubscribeResponse_TimelinePost{TimelinePost: &realtimev1.TimelinePost{Post: post}}}
	}), nil
}

// followed tells which authors of posts a person follows, and whether the person mutes anything: most do not, and one query is
// less than three.
func (s sources) followed(ctx context.Context, userID int64, posts []*postv1.Post) (followed map[int64]bool, mutes bool, err error) {
	authors := make([]int64, 0, len(posts))
	for _, post := range posts {
		authors = append(authors, post.GetAuthor().GetId())
	}
	query, args := followedQuery(s.db.Store().Dialect(), userID, id.Unique(authors)).Query()
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, false, fmt.Errorf("read follows: %w", err)
	}
	defer rows.Close()
	followed = make(map[int64]bool, len(authors))
	for rows.Next() {
		var author int64
		if err := rows.Scan(&author, &mutes); err != nil {
			return nil, false, fmt.Errorf("read follows: %w", err)
		}
		followed[author] = true
	}
	return followed, mutes, rows.Err()
}

// followedQuery selects those of the authors whom a person follows, and beside each whether the person mutes anybody or any word.
func followedQuery(dialect string, userID int64, authors []int64) *entsql.Selector {
	builder := entsql.Dialect(dialect)
	follows, mutes, words := builder.Table(entfollow.Table), builder.Table(entmute.Table), builder.Table(mutedword.Table)
	query := builder.Select(follows.C(entfollow.FieldFolloweeID)).From(follows)
	mutesAny := entsql.Or(
		entsql.Exists(builder.Select(mutes.C(entmute.FieldID)).From(mutes).Where(entsql.EQ(mutes.C(entmute.FieldMuterID), userID))),
		entsql.Exists(builder.Select(words.C(mutedword.FieldID)).From(words).Where(entsql.EQ(words.C(mutedword.FieldUserID), userID))),
	)
	query.AppendSelectExprAs(mutesAny, "mutes")
	entfollow.FollowerID(userID)(query)
	entfollow.FolloweeIDIn(authors...)(query)
	return query
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
