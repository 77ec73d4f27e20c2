package topology_test

import (
	"context"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	"github.com/pulse-social/pulse/gen/pulse/realtime/v1/realtimev1connect"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/topology"
)

// listenAt opens a stream on one replica, and fails the test unless it opens. It ends with the test, or when nothing that is awaited
// has come for a while.
func listenAt(t *testing.T, replica *topology.Process, who *person, watched ...int64) realtimev1connect.RealtimeServiceSubscribeClientStream {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	token, err := who.tokens.Access(ctx)
	must(t, err)
	ctx, info := connect.NewClientContext(ctx)
	info.RequestHeader().Set("Authorization", "Bearer "+token)
	client := realtimev1connect.NewRealtimeServiceClient(connect.NewClient(connecthttp.NewTransport(connections, replica.URL())))
	stream, err := client.Subscribe(ctx, &realtimev1.SubscribeRequest{WatchedUserIds: watched})
	must(t, err)
	t.Cleanup(func() { _ = stream.Close() })
	if first, err := stream.Receive(); err != nil || first.GetOpened() == nil {
		t.Fatalf("the stream begins with %v, %v, want Opened", first, err)
	}
	return stream
}

// await answers the first thing on a stream that is wanted.
func await(t *testing.T, stream realtimev1connect.RealtimeServiceSubscribeClientStream, what string, wanted func(*realtimev1.SubscribeResponse) bool) {
	t.Helper()
	for {
		item, err := stream.Receive()
		if err != nil {
			t.Fatalf("waiting for %s: %v", what, err)
		}
		if wanted(item) {
			return
		}
	}
}

// Who is there and who types is told by whichever replica somebody is connected to, and a stream ends with its session on both.
func TestStreamsOfTwoReplicasTellOfEachOther(t *testing.T) {
	s := split(t)
	ada, bob := register(t, s, "streams2_ada"), register(t, s, "streams2_bob")
	for _, pair := range [][2]*person{{ada, bob}, {bob, ada}} {
		_, err := pair[0].Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: pair[1].id})
		must(t, err)
	}
	talk, err := ada.Messaging.OpenDirectConversation(t.Context(), &messagingv1.OpenDirectConversationRequest{UserId: bob.id})
	must(t, err)
	id := talk.GetConversation().GetId()
	_, err = ada.Messaging.SendMessage(t.Context(), &messagingv1.SendMessageRequest{ConversationId: id, Text: "hello"})
	must(t, err)

	replicas := s.Running("realtime")
	if len(replicas) < 2 {
		t.Fatalf("%d replicas run, want two", len(replicas))
	}
	adas := listenAt(t, replicas[0], ada, bob.id)
	bobs := listenAt(t, replicas[1], bob)
	await(t, adas, "Bob to be there", func(item *realtimev1.SubscribeResponse) bool {
		return item.GetPresence().GetUserId() == bob.id && item.GetPresence().GetState() == realtimev1.PresenceState_PRESENCE_STATE_ONLINE
	})
	_, err = bob.Messaging.SendTyping(t.Context(), &messagingv1.SendTypingRequest{ConversationId: id})
	must(t, err)
	await(t, adas, "Bob to type", func(item *realtimev1.SubscribeResponse) bool {
		return item.GetTyping().GetUser().GetId() == bob.id && item.GetTyping().GetConversationId() == id
	})

	// The replica that ends the session is another than the one that has the stream: identity's.
	_, err = bob.Identity.LogOut(t.Context(), &identityv1.LogOutRequest{})
	must(t, err)
	ended := time.Now()
	for err == nil {
		_, err = bobs.Receive()
	}
	if took := time.Since(ended); pulse.ReasonOf(err).String() != "REASON_SESSION_REVOKED" || took > time.Second {
		t.Errorf("the stream of an ended session ended after %s with %v, want SESSION_REVOKED within a second", took, err)
	}
	await(t, adas, "Bob to be gone", func(item *realtimev1.SubscribeResponse) bool {
		return item.GetPresence().GetUserId() == bob.id && item.GetPresence().GetState() == realtimev1.PresenceState_PRESENCE_STATE_OFFLINE
	})
}
