package pulse_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	"github.com/pulse-social/pulse/gen/pulse/realtime/v1/realtimev1connect"
	pulse "github.com/pulse-social/pulse/sdk"
)

const (
	subscribe = realtimev1connect.RealtimeServiceSubscribeProcedure
	heartbeat = 15 * time.Second
)

// feed is a stream of numbered messages, whose cursors are their numbers. Its nth stream is what script makes of it.
type feed struct {
	realtimev1connect.UnimplementedRealtimeServiceHandler

	script func(n int, from int64, out out) error

	mu   sync.Mutex
	asks []string // the cursors that were asked for
}

// out is where a feed's stream goes.
type out struct {
	context.Context
	stream realtimev1connect.RealtimeServiceSubscribeServerStream
}

func (o out) send(msg *realtimev1.SubscribeResponse) {
	_ = o.stream.Send(msg) // The client may be gone.
}

// open begins a stream at a cursor.
func (o out) open(at int64) {
	o.send(&realtimev1.SubscribeResponse{Cursor: strconv.FormatInt(at, 10), Event: &realtimev1.SubscribeResponse_Opened{
		Opened: &realtimev1.Opened{HeartbeatInterval: durationpb.New(heartbeat)},
	}})
}

// messages sends messages from one number up to another.
func (o out) messages(from, to int64) {
	for n := from; n <= to; n++ {
		o.send(&realtimev1.SubscribeResponse{Cursor: strconv.FormatInt(n, 10), Event: &realtimev1.SubscribeResponse_MessageSent{
			MessageSent: &messagingv1.Message{Id: n},
		}})
	}
}

func (o out) heartbeat(at int64) {
	o.send(&realtimev1.SubscribeResponse{Cursor: strconv.FormatInt(at, 10), Event: &realtimev1.SubscribeResponse_Heartbeat{}})
}

func (o out) closing(reason realtimev1.CloseReason, delay time.Duration) {
	o.send(&realtimev1.SubscribeResponse{Event: &realtimev1.SubscribeResponse_Closing{
		Closing: &realtimev1.Closing{Reason: reason, RetryDelay: durationpb.New(delay)},
	}})
}

func (f *feed) Subscribe(ctx context.Context, req *realtimev1.SubscribeRequest, stream realtimev1connect.RealtimeServiceSubscribeServerStream) error {
	f.mu.Lock()
	f.asks = append(f.asks, req.GetCursor())
	n := len(f.asks)
	f.mu.Unlock()
	from, _ := strconv.ParseInt(req.GetCursor(), 10, 64)
	return f.script(n, from, out{ctx, stream})
}

// endless is a feed whose streams have ten messages each, and stay open then.
func endless(_ int, from int64, out out) error {
	out.open(from)
	out.messages(from+1, from+10)
	<-out.Done()
	return nil
}

func (f *feed) asked() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asks)
}

// subscribed answers a client of a server with that feed, and the server.
func subscribed(t *testing.T, script func(n int, from int64, out out) error) (*pulse.Client, *server, *feed) {
	t.Helper()
	s := newServer()
	s.feed.script = script
	return connectInProcess(t, s, pulse.WithTokens(s.pair(1))), s, s.feed
}

// told is what a loop over Subscribe was told, in short.
type told struct {
	t      *testing.T
	events []string
	pauses []time.Duration
	cursor string
	err    error
}

// until subscribes and notes what is told, up to the message of that number or an error.
func (r *told) until(ctx context.Context, client *pulse.Client, cursor string, last int64) {
	r.t.Helper()
	r.cursor = cursor
	for update, err := range client.Subscribe(ctx, &realtimev1.SubscribeRequest{Cursor: cursor}) {
		if err != nil {
			r.err = err
			return
		}
		r.cursor = update.Cursor
		switch event := update.Event.(type) {
		case *realtimev1.SubscribeResponse_Opened:
			r.events = append(r.events, "opened")
		case *realtimev1.SubscribeResponse_MessageSent:
			r.events = append(r.events, strconv.FormatInt(event.MessageSent.GetId(), 10))
			if event.MessageSent.GetId() == last {
				return
			}
		case *pulse.Resync:
			r.events = append(r.events, "resync")
		case *pulse.Interrupted:
			r.events = append(r.events, "interrupted")
			if r.pauses = append(r.pauses, event.Pause); len(r.pauses) > 50 {
				r.t.Fatalf("interrupted again and again, last by %v", event.Err)
			}
		default:
			r.t.Errorf("told %T", event)
		}
	}
	r.t.Error("the sequence has ended by itself")
}

func (r *told) want(events ...string) {
	r.t.Helper()
	if !slices.Equal(r.events, events) {
		r.t.Errorf("told %v, want %v", r.events, events)
	}
}
