package topology_test

import (
	"fmt"
	"slices"
	"testing"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	searchv1 "github.com/pulse-social/pulse/gen/pulse/search/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestTheMainJobThroughTheProxy(t *testing.T) {
	s := split(t)
	ada, bob := register(t, s, "main_ada"), register(t, s, "main_bob")
	_, err := ada.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: bob.id})
	must(t, err)
	var want []int64
	for n := range 5 {
		want = append([]int64{write(t, bob.Client, fmt.Sprintf("post %d", n))}, want...)
	}
	testwait.Until(t, "the posts are in the home timeline", func() bool { return slices.Equal(home(t, ada.Client), want) })
	check(t, s)
}

// home reads a home timeline.
func home(t *testing.T, c *pulse.Client) []int64 {
	t.Helper()
	var ids []int64
	for post, err := range c.AllHomeTimelinePosts(t.Context(), &timelinev1.GetHomeTimelineRequest{}) {
		must(t, err)
		ids = append(ids, post.GetId())
	}
	return ids
}

func TestASessionRevokedOnOneReplicaIsRefusedByAll(t *testing.T) {
	s := split(t)
	ada := register(t, s, "revoked_ada")
	postID := write(t, ada.Client, "hello")
	ask := map[string]func(*pulse.Client) error{
		"identity": func(c *pulse.Client) error {
			_, err := c.Identity.GetAccount(t.Context(), &identityv1.GetAccountRequest{})
			return err
		},
		"user": func(c *pulse.Client) error {
			_, err := c.Users.GetUser(t.Context(), &userv1.GetUserRequest{User: &userv1.GetUserRequest_UserId{UserId: ada.id}})
			return err
		},
		"post": func(c *pulse.Client) error {
			_, err := c.Posts.GetPost(t.Context(), &postv1.GetPostRequest{PostId: postID})
			return err
		},
		"graph": func(c *pulse.Client) error {
			_, err := c.Graph.ListFollowing(t.Context(), &graphv1.ListFollowingRequest{UserId: ada.id})
			return err
		},
		"timeline": func(c *pulse.Client) error {
			_, err := c.Timelines.GetHomeTimeline(t.Context(), &timelinev1.GetHomeTimelineRequest{})
			return err
		},
		"search": func(c *pulse.Client) error {
			_, err := c.Search.Suggest(t.Context(), &searchv1.SuggestRequest{})
			return err
		},
		"media": func(c *pulse.Client) error {
			_, err := c.Media.GetMediaUsage(t.Context(), &mediav1.GetMediaUsageRequest{})
			return err
		},
		"event": func(c *pulse.Client) error {
			_, err := c.Events.ListEvents(t.Context(), &eventv1.ListEventsRequest{Relation: eventv1.EventRelation_EVENT_RELATION_HOSTING})
			return err
		},
		"messaging": func(c *pulse.Client) error {
			_, err := c.Messaging.ListConversations(t.Context(), &messagingv1.ListConversationsRequest{})
			return err
		},
		"notification": func(c *pulse.Client) error {
			_, err := c.Notifications.GetUnreadCount(t.Context(), &notificationv1.GetUnreadCountRequest{})
			return err
		},
		"realtime": func(c *pulse.Client) error {
			_, err := c.Realtime.GetPresenceSettings(t.Context(), &realtimev1.GetPresenceSettingsRequest{})
			return err
		},
	}
	for n, replica := range s.Running("identity") {
		again := &person{tokens: &pulsetest.Tokens{}}
		other := at(t, s.URL(), pulse.WithTokenStore(again.tokens))
		_, err := other.LogIn(t.Context(), &identityv1.LogInRequest{Login: "revoked_ada", Password: "correct horse battery"})
		must(t, err)
		tokens := again.signedIn(t)
		for _, p := range s.Processes { // So that each has found the session to live.
			if ask[p.Service] == nil {
				t.Fatalf("say what to ask %s", p.Service)
			}
			must(t, ask[p.Service](at(t, p.URL(), pulse.WithTokens(tokens))))
		}
		sessions, err := other.Identity.ListSessions(t.Context(), &identityv1.ListSessionsRequest{})
		must(t, err)
		for _, session := range sessions.GetSessions() {
			if session.GetCurrent() {
				_, err = ada.on(t, replica).Identity.RevokeSession(t.Context(), &identityv1.RevokeSessionRequest{SessionId: session.GetId()})
				must(t, err)
			}
		}
		for _, p := range s.Processes {
			if err := ask[p.Service](at(t, p.URL(), pulse.WithTokens(tokens))); pulse.ReasonOf(err) != errorsv1.Reason_REASON_SESSION_REVOKED {
				t.Errorf("revoked on replica %d, then asked %s: %v, want REASON_SESSION_REVOKED", n+1, p.Name, err)
			}
		}
	}
}

func TestOwnWritesAreReadFromEveryReplica(t *testing.T) {
	s := split(t)
	ada, bob := register(t, s, "own_ada"), register(t, s, "own_bob")
	var want []int64
	for round := range 4 {
		writer := s.Running("post")[round%2]
		postID := write(t, ada.on(t, writer), fmt.Sprintf("post %d", round))
		want = append([]int64{postID}, want...)
		for _, reader := range s.Running("timeline") {
			if got := home(t, ada.on(t, reader)); !slices.Equal(got, want) {
				t.Errorf("written on %s: home timeline of %s is %v, want %v", writer.Name, reader.Name, got, want)
			}
		}
		_, err := ada.on(t, writer).Posts.LikePost(t.Context(), &postv1.LikePostRequest{PostId: postID})
		must(t, err)
		for _, reader := range s.Running("post") {
			answer, err := ada.on(t, reader).Posts.GetPost(t.Context(), &postv1.GetPostRequest{PostId: postID})
			must(t, err)
			if !answer.GetPost().GetViewer().GetLiked() {
				t.Errorf("liked on %s: %s does not know", writer.Name, reader.Name)
			}
		}
		_, err = ada.on(t, s.Running("graph")[round%2]).Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: bob.id})
		must(t, err)
		for _, reader := range s.Running("graph") {
			answer, err := ada.on(t, reader).Graph.ListFollowing(t.Context(), &graphv1.ListFollowingRequest{UserId: ada.id})
			must(t, err)
			if len(answer.GetFollowing()) != 1 {
				t.Errorf("followed, and %s lists %v", reader.Name, answer.GetFollowing())
			}
		}
	}
}
