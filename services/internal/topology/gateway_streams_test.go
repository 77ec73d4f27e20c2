package topology_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	realtimev1 "github.com/pulse-social/pulse/gen/pulse/realtime/v1"
	"github.com/pulse-social/pulse/gen/pulse/realtime/v1/realtimev1connect"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/internal/topology"
)

// soon is less than a heartbeat, which would bring along what something in between had held back.
const soon = 10 * time.Second

// streamTransports are the ways to open a stream through a gateway.
func (g *gateway) streamTransports(t *testing.T) map[string]connect.Transport {
	h2 := http2Client(t)
	return map[string]connect.Transport{
		"Connect":           connecthttp.NewTransport(connections, g.url),
		"Connect by HTTP/2": connecthttp.NewTransport(h2, g.url),
		"gRPC":              connecthttp.NewTransport(h2, g.url, connecthttp.WithGRPC()),
		"gRPC-Web":          connecthttp.NewTransport(connections, g.url, connecthttp.WithGRPCWeb()),
	}
}

// TestGatewayStreams has streams go through a real HAProxy with the configuration that is shipped, to two replicas.
func TestGatewayStreams(t *testing.T) {
	g, s := gatewayOf(t)
	ada, bob := register(t, s, "streams_ada"), register(t, s, "streams_bob")
	_, err := bob.Graph.Follow(t.Context(), &graphv1.FollowRequest{UserId: ada.id})
	must(t, err)
	for name, transport := range g.streamTransports(t) {
		t.Run("unbuffered by "+name, func(t *testing.T) { tellsAsItHappens(t, transport, ada, bob) })
	}
	t.Run("refusals", func(t *testing.T) { g.refusesStreams(t) })
	t.Run("the replicas restart", func(t *testing.T) { g.losesNothingInARestart(t, s, ada, bob) })
}

// subscribe opens a stream as a person, after a cursor.
func subscribe(ctx context.Context, transport connect.Transport, who *person, cursor string) (realtimev1connect.RealtimeServiceSubscribeClientStream, error) {
	token, err := who.tokens.Access(ctx)
	if err != nil {
		return realtimev1connect.RealtimeServiceSubscribeClientStream{}, err
	}
	ctx, info := connect.NewClientContext(ctx)
	info.RequestHeader().Set("Authorization", "Bearer "+token)
	client := realtimev1connect.NewRealtimeServiceClient(connect.NewClient(transport))
	return client.Subscribe(ctx, &realtimev1.SubscribeRequest{Cursor: cursor})
}

// tellsAsItHappens posts one thing after another: the second is written when the first has come out of the stream.
func tellsAsItHappens(t *testing.T, transport connect.Transport, ada, bob *person) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := subscribe(ctx, transport, bob, "")
	must(t, err)
	defer func() { _ = stream.Close() }()
	late := time.AfterFunc(soon, cancel)
	defer late.Stop()
	first, err := stream.Receive()
	if err != nil || first.GetOpened() == nil {
		t.Fatalf("the stream begins with %v, %v, want Opened", first, err)
	}
	for n := range 3 {
		id := write(t, ada.Client, fmt.Sprintf("thing %d", n))
		late.Reset(soon)
		for {
			item, err := stream.Receive()
			if err != nil {
				t.Fatalf("post %d did not come within %s: %v", id, soon, err)
			}
			if got := item.GetTimelinePost().GetPost().GetId(); got == id {
				break
			} else if got != 0 {
				t.Fatalf("post %d came, want %d", got, id)
			}
		}
	}
}

// refusesStreams asks for a stream without a token: the gateway refuses it, in the form of the protocol.
func (g *gateway) refusesStreams(t *testing.T) {
	for name, transport := range g.streamTransports(t) {
		client := realtimev1connect.NewRealtimeServiceClient(connect.NewClient(transport))
		stream, err := client.Subscribe(t.Context(), &realtimev1.SubscribeRequest{})
		if err == nil {
			_, err = stream.Receive()
			_ = stream.Close()
		}
		if connect.CodeOf(err) != connect.CodeUnauthenticated {
			t.Errorf("%s without a token: %v, want unauthenticated", name, err)
		}
	}
}

// A listener keeps a stream open, comes back with its cursor whenever it ends, and notes what it is told.
type listener struct {
	name string
	mu   sync.Mutex
	// complaints are the errors of streams that ended without having said so.
	complaints []string
	// posts are those that it was told; closings how often it was told to go elsewhere; opened how often it began.
	posts            []int64
	closings, opened int
}

// listen follows until ctx is done.
func (l *listener) listen(ctx context.Context, transport connect.Transport, who *person) {
	cursor := ""
	for ctx.Err() == nil {
		before := l.told()
		err := l.follow(ctx, transport, who, &cursor)
		if ctx.Err() == nil && l.told() == before {
			l.mu.Lock()
			l.complaints = append(l.complaints, fmt.Sprint(err))
			l.mu.Unlock()
		}
	}
}

// follow opens one stream and answers why it ended.
func (l *listener) follow(ctx context.Context, transport connect.Transport, who *person, cursor *string) error {
	stream, err := subscribe(ctx, transport, who, *cursor)
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }()
	for {
		item, err := stream.Receive()
		if err != nil {
			return err
		}
		if item.GetCursor() != "" {
			*cursor = item.GetCursor()
		}
		l.note(item)
	}
}

func (l *listener) note(item *realtimev1.SubscribeResponse) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case item.GetOpened() != nil:
		l.opened++
	case item.GetClosing() != nil:
		l.closings++
	case item.GetTimelinePost() != nil:
		l.posts = append(l.posts, item.GetTimelinePost().GetPost().GetId())
	}
}

// told is how often it was told to go elsewhere.
func (l *listener) told() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closings
}

// has tells whether it was told so many posts, and began so often.
func (l *listener) has(posts, opened int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.posts) >= posts && l.opened >= opened
}

// losesNothingInARestart restarts each replica as a rolling update does, while somebody posts, and wants everybody who listens to be
// told all of it once.
func (g *gateway) losesNothingInARestart(t *testing.T, s *topology.Topology, ada, bob *person) {
	for _, p := range s.Running("realtime") {
		p.Setenv("PULSE_DRAIN_DELAY", "3s") // Longer than the gateway takes to notice; a process has it from its next start.
		must(t, p.Restart(t.Context(), nil))
	}
	g.waitUp(t, len(topology.Services()), 2)
	ctx, stop := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	var listeners []*listener
	for name, transport := range g.streamTransports(t) {
		for n := range 2 {
			l := &listener{name: fmt.Sprintf("%s %d", name, n)}
			listeners = append(listeners, l)
			wait.Go(func() { l.listen(ctx, transport, bob) })
		}
	}
	everybody := func(posts, opened int) func() bool {
		return func() bool {
			return !slices.ContainsFunc(listeners, func(l *listener) bool { return !l.has(posts, opened) })
		}
	}
	testwait.Until(t, "all streams are open", everybody(0, 1))
	written := writeOn(t, ada)
	for _, p := range s.Running("realtime") {
		must(t, p.Restart(t.Context(), nil))
		g.waitUp(t, len(topology.Services()), 2)
	}
	posts := written()
	testwait.Until(t, "everybody is told everything", everybody(len(posts), 1))
	stop()
	wait.Wait()
	moved := 0
	for _, l := range listeners {
		slices.Sort(l.posts) // Posts have no order among them: two replicas log them.
		if !slices.Equal(l.posts, posts) {
			t.Errorf("%s was told %d posts, %d were written: %v, want %v", l.name, len(l.posts), len(posts), l.posts, posts)
		}
		if len(l.complaints) > 0 {
			t.Errorf("%s was cut off %d times, such as by: %s", l.name, len(l.complaints), l.complaints[0])
		}
		moved += l.closings
	}
	// Each of the streams was on one of two replicas, and both of these went.
	if moved < len(listeners) {
		t.Errorf("%d streams were told to go elsewhere %d times", len(listeners), moved)
	}
	t.Logf("%d streams moved %d times while %d posts were written", len(listeners), moved, len(posts))
	must(t, s.WaitRouted(t.Context()))
}

// writeOn has somebody post until the answer is called, which answers what was written, sorted.
func writeOn(t *testing.T, ada *person) func() []int64 {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var posts []int64
	var failed error
	done := make(chan struct{})
	pace := time.NewTicker(50 * time.Millisecond)
	go func() {
		defer close(done)
		defer pace.Stop()
		for failed == nil {
			select {
			case <-ctx.Done():
				return
			case <-pace.C:
			}
			answer, err := ada.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: "meanwhile"})
			failed = err
			posts = append(posts, answer.GetPost().GetId())
		}
	}()
	return func() []int64 {
		t.Helper()
		stop()
		<-done
		must(t, failed)
		slices.Sort(posts)
		return posts
	}
}
