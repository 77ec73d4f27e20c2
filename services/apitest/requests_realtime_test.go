package apitest_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	"github.com/pulse-social/pulse/gen/pulse/realtime/v1/realtimev1connect"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/pulsetest"
)

func init() { maps.Copy(recipes, realtimeRecipes) }

// realtimeRecipes are those of RealtimeService, but for its stream.
var realtimeRecipes = map[string]recipe{
	realtimev1connect.RealtimeServiceSetPresenceProcedure: simple(func(int64) proto.Message {
		return &realtimev1.SetPresenceRequest{State: realtimev1.PresenceState_PRESENCE_STATE_ONLINE}
	}),
	realtimev1connect.RealtimeServiceGetPresenceSettingsProcedure: simple(func(int64) proto.Message { return &realtimev1.GetPresenceSettingsRequest{} }),
	realtimev1connect.RealtimeServiceBatchGetPresenceProcedure: {
		request: func(c *cast, _ cell, _ int64) proto.Message {
			return &realtimev1.BatchGetPresenceRequest{UserIds: []int64{c.people[owner].id}}
		},
		after: func(t *testing.T, c *cast, x cell, answer proto.Message) {
			// The owner shows it to whom they follow, and is nobody to whom they block, and nothing across a block.
			shown := len(answer.(*realtimev1.BatchGetPresenceResponse).GetPresences()) > 0
			if want := x.actor == owner || x.actor == followee; shown != want {
				t.Errorf("%v is told whether the owner is there: %v, want %v", x, shown, want)
			}
		},
	},
}

// TestStreamsTellNobodyWhatIsNotForThem has each kind of caller subscribe over each protocol while restricted things are
// written: those whom no call may let in are refused, and nobody's stream has what is for others.
func TestStreamsTellNobodyWhatIsNotForThem(t *testing.T) {
	t.Parallel()
	clock := new(movableClock)
	p := pulsetest.Start(t, pulsetest.WithClock(clock.now))
	ended := newStrangers(t, p, clock)
	for number, w := range wires {
		if w.get || w.name == "REST" || underRaceDetector && w.name != "gRPC" {
			continue // Neither of the first has streams; for the others, see wiresOfRun.
		}
		t.Run(w.name, func(t *testing.T) { // Not parallel: each waits until all events are consumed.
			c := newCast(t, p, ended, new(canaries), number)
			p.Settle(t)
			streams := map[string]realtimev1connect.RealtimeServiceSubscribeClientStream{}
			client := realtimev1connect.NewRealtimeServiceClient(connect.NewClient(w.dial(t, p)))
			for _, actor := range actors {
				stream, event, err := c.subscribe(t, client, actor)
				// In the process, a refusal that comes before the request was read is told as the end of the stream.
				want := mayNotSubscribe[actor]
				if unread := want != 0 && errors.Is(err, io.EOF); pulse.ReasonOf(err) != want && !unread {
					t.Errorf("%s subscribes: %v, want %v", actor, err, want)
				}
				if err == nil {
					streams[actor] = stream
					if event.GetOpened() == nil {
						t.Errorf("%s: first came %v, want that the stream is open", actor, event)
					}
				}
			}
			for _, object := range []string{narrow, addressed} {
				c.restricted(t, c.people[owner], object, map[string]postv1.Audience{
					narrow: postv1.Audience_AUDIENCE_FOLLOWERS, addressed: postv1.Audience_AUDIENCE_MENTIONED,
				}[object])
			}
			c.restricted(t, c.people[recluse], secluded, postv1.Audience_AUDIENCE_PUBLIC)
			p.Settle(t)
			for actor, stream := range streams {
				last, met := c.people[actor].post(t, "the last one", 0), false
				for !met {
					event, err := stream.Receive()
					if err != nil {
						t.Fatalf("%s: %v", actor, err)
					}
					c.leaks(t, cell{actor: actor, wire: w}, protojson.Format(event))
					met = event.GetTimelinePost().GetPost().GetId() == last
				}
				if err := stream.Close(); err != nil {
					t.Errorf("%s closes: %v", actor, err)
				}
			}
		})
	}
}

// mayNotSubscribe are the reasons for which callers are refused.
var mayNotSubscribe = map[string]errorsv1.Reason{
	nobody: errorsv1.Reason_REASON_SIGN_IN_REQUIRED, program: errorsv1.Reason_REASON_ROLE_REQUIRED,
	banned: errorsv1.Reason_REASON_SESSION_REVOKED, revoked: errorsv1.Reason_REASON_SESSION_REVOKED,
	expired: errorsv1.Reason_REASON_ACCESS_TOKEN_INVALID, garbage: errorsv1.Reason_REASON_ACCESS_TOKEN_INVALID,
}

// subscribe opens an actor's stream, and answers what comes first.
func (c *cast) subscribe(t *testing.T, client realtimev1connect.RealtimeServiceClient, actor string) (realtimev1connect.RealtimeServiceSubscribeClientStream, *realtimev1.SubscribeResponse, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	ctx, info := connect.NewClientContext(ctx)
	if token := c.token(actor); token != "" {
		info.RequestHeader().Set("Authorization", "Bearer "+token)
	}
	stream, err := client.Subscribe(ctx, &realtimev1.SubscribeRequest{})
	if err != nil {
		return stream, nil, err
	}
	event, err := stream.Receive()
	return stream, event, err
}
