package notification_test

import (
	"cmp"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/pulse-social/pulse/ent/notificationcause"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"

	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/testmain"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// TestMain makes rapid check less often than it does by itself, unless it is told how often: each check of this package
// waits for a consumer.
func TestMain(m *testing.M) { testmain.Run(m, "rapid.checks=12") }

// Kinds, for short.
const (
	follows        = notificationv1.NotificationKind_NOTIFICATION_KIND_FOLLOW
	requests       = notificationv1.NotificationKind_NOTIFICATION_KIND_FOLLOW_REQUEST
	likes          = notificationv1.NotificationKind_NOTIFICATION_KIND_LIKE
	reposts        = notificationv1.NotificationKind_NOTIFICATION_KIND_REPOST
	replies        = notificationv1.NotificationKind_NOTIFICATION_KIND_REPLY
	mentions       = notificationv1.NotificationKind_NOTIFICATION_KIND_MENTION
	quotes         = notificationv1.NotificationKind_NOTIFICATION_KIND_QUOTE
	messages       = notificationv1.NotificationKind_NOTIFICATION_KIND_MESSAGE
	followApproved = notificationv1.NotificationKind_NOTIFICATION_KIND_FOLLOW_APPROVED
	eventCancelled = notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_CANCELLED
	eventPromoted  = notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_PROMOTED
	eventReminder  = notificationv1.NotificationKind_NOTIFICATION_KIND_EVENT_REMINDER
)

// A movableClock runs as the machine's does, and a test may put it forward.
type movableClock struct{ ahead atomic.Int64 }

func (c *movableClock) now() time.Time { return clock.System().Add(time.Duration(c.ahead.Load())) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantReason fails unless a call failed for a reason.
func wantReason(t *testing.T, what string, err error, want errorsv1.Reason) {
	t.Helper()
	if got := pulse.ReasonOf(err); got != want {
		t.Errorf("%s: %v (%v), want %v", what, got, err, want)
	}
}

func post(t testing.TB, u *pulsetest.User, req *postv1.CreatePostRequest) int64 {
	t.Helper()
	answer, err := u.Posts.CreatePost(t.Context(), req)
	must(t, err)
	return answer.GetPost().GetId()
}

func write(t testing.TB, u *pulsetest.User, text string) int64 {
	t.Helper()
	return post(t, u, &postv1.CreatePostRequest{Text: text})
}

func like(t testing.TB, u *pulsetest.User, postID int64) {
	t.Helper()
	_, err := u.Posts.LikePost(t.Context(), &postv1.LikePostRequest{PostId: postID})
	must(t, err)
}

func unlike(t testing.TB, u *pulsetest.User, postID int64) {
	t.Helper()
	_, err := u.Posts.UnlikePost(t.Context(), &postv1.UnlikePostRequest{PostId: postID})
	must(t, err)
}

func repost(t testing.TB, u *pulsetest.User, postID int64) {
	t.Helper()
	_, err := u.Posts.RepostPost(t.Context(), &postv1.RepostPostRequest{PostId: postID})
	must(t, err)
}

func follow(t testing.TB, u, whom *pulsetest.User) {
	t.Helper()
	_, err := u.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: whom.ID})
	must(t, err)
}

func block(t testing.TB, u, whom *pulsetest.User) {
	t.Helper()
	_, err := u.Graph.BlockUser(t.Context(), &graphv1.BlockUserRequest{UserId: whom.ID})
	must(t, err)
}

func setPrivate(t testing.TB, u *pulsetest.User) {
	t.Helper()
	_, err := u.Users.UpdateProfile(t.Context(), &userv1.UpdateProfileRequest{
		Profile: &userv1.Profile{Private: true}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"private"}},
	})
	must(t, err)
}

// listed answers what somebody is notified of, once all events were consumed.
func listed(t testing.TB, p *pulsetest.Pulse, u *pulsetest.User) []*notificationv1.Notification {
	t.Helper()
	p.Settle(t)
	return list(t, u, &notificationv1.ListNotificationsRequest{PageSize: 100})
}

func list(t testing.TB, u *pulsetest.User, req *notificationv1.ListNotificationsRequest) []*notificationv1.Notification {
	t.Helper()
	answer, err := u.Notifications.ListNotifications(t.Context(), req)
	must(t, err)
	return answer.GetNotifications()
}

func unread(t testing.TB, u *pulsetest.User) int32 {
	t.Helper()
	answer, err := u.Notifications.GetUnreadCount(t.Context(), &notificationv1.GetUnreadCountRequest{})
	must(t, err)
	return answer.GetUnreadCount()
}

// brief writes a notification as tests expect them: its kind, who caused it, how many, and of what.
func brief(n *notificationv1.Notification) string {
	var who []string
	for _, actor := range n.GetActors() {
		who = append(who, actor.GetHandle())
	}
	return fmt.Sprintf("%v by %v, %d people, %d causes, of %d and %d in %d, read %v",
		n.GetKind(), who, n.GetActorCount(), n.GetCauseCount(), n.GetPostId(), n.GetActorPostId(), n.GetConversationId(), n.GetRead())
}

// expect fails unless the notifications are these, whatever their ids, sequences and times.
func expect(t testing.TB, what string, got []*notificationv1.Notification, want ...*notificationv1.Notification) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(a, b *notificationv1.Notification) bool { return brief(a) == brief(b) }) {
		t.Errorf("%s:", what)
		for _, n := range got {
			t.Errorf("   got %s", brief(n))
		}
		for _, n := range want {
			t.Errorf("  want %s", brief(n))
		}
	}
}

// by answers a notification with its actors, the latest first, each of whom caused it once.
func by(n *notificationv1.Notification, actors ...*pulsetest.User) *notificationv1.Notification {
	n = proto.CloneOf(n)
	n.ActorCount, n.CauseCount = int32(len(actors)), cmp.Or(n.GetCauseCount(), int32(len(actors)))
	for _, actor := range actors[:min(len(actors), 3)] {
		n.Actors = append(n.Actors, &userv1.UserSummary{Handle: actor.Handle})
	}
	return n
}

// database opens the database of a Pulse, for what no call does.
func database(t testing.TB, p *pulsetest.Pulse) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), p.Config(t).Store, store.Options{IDs: id.NewGenerator(clock.System), Now: clock.System})
	must(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// sequences answers the numbers of all causes of a person, ascending.
func sequences(t testing.TB, s *store.Store, u *pulsetest.User) []int64 {
	t.Helper()
	rows, err := s.For("check").NotificationCause.Query().
		Where(notificationcause.RecipientID(u.ID)).Order(notificationcause.BySequence()).All(t.Context())
	must(t, err)
	numbers := make([]int64, len(rows))
	for i, row := range rows {
		numbers[i] = row.Sequence
	}
	return numbers
}
