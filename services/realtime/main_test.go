package realtime_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	"github.com/pulse-social/pulse/gen/pulse/realtime/v1/realtimev1connect"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testmain"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func TestMain(m *testing.M) { testmain.Run(m) }

func must[T any](t testing.TB) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// person is somebody who can open streams.
type person struct {
	*pulsetest.User
	tokens *pulsetest.Tokens
	p      *pulsetest.Pulse
}

func newPerson(t testing.TB, p *pulsetest.Pulse, handle string) *person {
	t.Helper()
	tokens := &pulsetest.Tokens{}
	return &person{User: p.User(t, handle, pulse.WithTokenStore(tokens)), tokens: tokens, p: p}
}

func (a *person) token(t testing.TB) string {
	t.Helper()
	return must[string](t)(a.tokens.Access(t.Context()))
}

func (a *person) follow(t testing.TB, others ...*person) {
	t.Helper()
	for _, other := range others {
		must[*graphv1.FollowResponse](t)(a.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: other.ID}))
	}
}

func (a *person) post(t testing.TB, text string) int64 {
	t.Helper()
	return must[*postv1.CreatePostResponse](t)(a.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: text})).GetPost().GetId()
}

// quote posts something that quotes a post.
func (a *person) quote(t testing.TB, quoted int64, text string) int64 {
	t.Helper()
	return must[*postv1.CreatePostResponse](t)(a.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: text, QuoteOfId: quoted})).GetPost().GetId()
}

// events is one open stream. What comes on it is read by a goroutine of its own.
type events struct {
	t      testing.TB
	cursor string
	came   chan *realtimev1.SubscribeResponse
	failed chan error
	close  func()
}

// patience is how long something may take to come.
const patience = 20 * time.Second

func (a *person) subscribe(t testing.TB, cursor string, watched ...int64) *events {
	t.Helper()
	return subscribe(t, a.p.URL(), a.token(t), &realtimev1.SubscribeRequest{Cursor: cursor, WatchedUserIds: watched})
}

// subscribe opens a stream.
func subscribe(t testing.TB, url, token string, req *realtimev1.SubscribeRequest) *events {
	t.Helper()
	client := realtimev1connect.NewRealtimeServiceClient(connect.NewClient(connecthttp.NewTransport(http.DefaultClient, url)))
	ctx, info := connect.NewClientContext(t.Context())
	info.RequestHeader().Set("Authorization", "Bearer "+token)
	e := &events{t: t, came: make(chan *realtimev1.SubscribeResponse, 1000), failed: make(chan error, 1)}
	stream, err := client.Subscribe(ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			event, err := stream.Receive()
			if err != nil {
				e.failed <- err
				return
			}
			e.came <- event
		}
	}()
	e.close = func() {
		_ = stream.Close()
		<-done
	}
	t.Cleanup(e.close)
	return e
}

// next answers what comes next.
func (e *events) next() *realtimev1.SubscribeResponse {
	e.t.Helper()
	select {
	case event := <-e.came:
		return e.noted(event)
	case err := <-e.failed:
		select {
		case event := <-e.came: // It came before the end.
			e.failed <- err
			return e.noted(event)
		default:
			e.t.Fatalf("the stream ended: %v", err)
		}
	case <-time.After(patience):
		e.t.Fatal("nothing came")
	}
	return nil
}

// noted notes the cursor of what came.
func (e *events) noted(event *realtimev1.SubscribeResponse) *realtimev1.SubscribeResponse {
	if event.GetCursor() != "" {
		e.cursor = event.GetCursor()
	}
	return event
}

// opened waits until the stream is open.
func (e *events) opened() *events {
	e.t.Helper()
	if event := e.next(); event.GetOpened() == nil {
		e.t.Fatalf("first came %v, want that the stream is open", event)
	}
	return e
}

// durable answers the next durable item.
func (e *events) durable() *realtimev1.SubscribeResponse {
	e.t.Helper()
	for {
		event := e.next()
		switch event.GetEvent().(type) {
		case *realtimev1.SubscribeResponse_Opened, *realtimev1.SubscribeResponse_Heartbeat, *realtimev1.SubscribeResponse_Typing,
			*realtimev1.SubscribeResponse_Presence, *realtimev1.SubscribeResponse_Closing:
		default:
			return event
		}
	}
}

// wantPost fails unless the next durable item is a post.
func (e *events) wantPost(postID int64) {
	e.t.Helper()
	if event := e.durable(); event.GetTimelinePost().GetPost().GetId() != postID {
		e.t.Fatalf("came %v, want the post %d", event, postID)
	}
}

// ended answers why the stream ended.
func (e *events) ended() error {
	e.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case <-e.came:
		case err := <-e.failed:
			return err
		case <-deadline:
			e.t.Fatal("the stream did not end")
		}
	}
}

// reasonOf answers the reason of an error as its details carry it.
func reasonOf(err error) string {
	connectErr, ok := errors.AsType[*connect.Error](err)
	if !ok {
		return ""
	}
	for _, d := range connectErr.Details() {
		var info errdetails.ErrorInfo
		if d.Type == string(info.ProtoReflect().Descriptor().FullName()) && proto.Unmarshal(d.Value, &info) == nil {
			return info.GetReason()
		}
	}
	return ""
}

var markAll = &notificationv1.MarkAllNotificationsReadRequest{}

func (a *person) say(t testing.TB, conversation int64, text string) int64 {
	t.Helper()
	return must[*messagingv1.SendMessageResponse](t)(a.Messaging.SendMessage(t.Context(), &messagingv1.SendMessageRequest{
		ConversationId: conversation, Text: text,
	})).GetMessage().GetId()
}

// threeInAGroup are a group's owner and its two members, and the group.
func threeInAGroup(t testing.TB, p *pulsetest.Pulse) (ada, bob, eve *person, group int64) {
	t.Helper()
	ada, bob, eve = newPerson(t, p, "ada"), newPerson(t, p, "bob"), newPerson(t, p, "eve")
	ada.follow(t, bob, eve)
	bob.follow(t, ada)
	eve.follow(t, ada)
	return ada, bob, eve, must[*messagingv1.CreateGroupResponse](t)(ada.Messaging.CreateGroup(t.Context(), &messagingv1.CreateGroupRequest{
		Title: "three", UserIds: []int64{bob.ID, eve.ID},
	})).GetConversation().GetId()
}

// open opens the conversation with somebody.
func (a *person) open(t testing.TB, other *person) int64 {
	t.Helper()
	return must[*messagingv1.OpenDirectConversationResponse](t)(a.Messaging.OpenDirectConversation(t.Context(),
		&messagingv1.OpenDirectConversationRequest{UserId: other.ID})).GetConversation().GetId()
}

func (a *person) typeIn(t testing.TB, conversation int64) {
	t.Helper()
	must[*messagingv1.SendTypingResponse](t)(a.Messaging.SendTyping(t.Context(), &messagingv1.SendTypingRequest{ConversationId: conversation}))
}

func (a *person) appear(t testing.TB, state realtimev1.PresenceState) {
	t.Helper()
	must[*realtimev1.SetPresenceResponse](t)(a.Realtime.SetPresence(t.Context(), &realtimev1.SetPresenceRequest{State: state}))
}

// wantMessage fails unless the next message that comes is this one.
func (e *events) wantMessage(messageID int64) {
	e.t.Helper()
	for {
		if message := e.durable().GetMessageSent(); message != nil {
			if message.GetId() != messageID {
				e.t.Fatalf("came %v, want the message %d", message, messageID)
			}
			return
		}
	}
}

// wantPresence fails unless the next presence that comes is that of this person.
func (e *events) wantPresence(userID int64, state realtimev1.PresenceState) *realtimev1.Presence {
	e.t.Helper()
	for {
		if presence := e.next().GetPresence(); presence != nil {
			if presence.GetUserId() != userID || presence.GetState() != state {
				e.t.Fatalf("came %v, want that %d is %s", presence, userID, state)
			}
			return presence
		}
	}
}
