package topology_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/internal/topology"
)

// readers read a post through the gateway until they are told to stop, in several protocols at once, and count what failed.
type readers struct {
	stop       context.CancelFunc
	wait       sync.WaitGroup
	done       atomic.Int64
	mu         sync.Mutex
	complaints []string
}

func (g *gateway) startReaders(t *testing.T, ada *person, postID int64) *readers {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &readers{stop: stop}
	for name, transport := range map[string]connect.Transport{
		"POST": connecthttp.NewTransport(connections, g.url),
		"GET":  connecthttp.NewTransport(connections, g.url, connecthttp.WithHTTPGet()),
		"gRPC": connecthttp.NewTransport(http2Client(t), g.url, connecthttp.WithGRPC()),
	} {
		// With the attempts that the SDK makes by itself. HAProxy repeats a read whose connection was closed; when a process is
		// killed before it has read the call, the connection is reset instead, and HAProxy hangs up for the client to repeat.
		c, err := pulse.NewClient(g.url, pulse.WithTransport(transport), pulse.WithTokenStore(ada.tokens))
		must(t, err)
		for range 2 {
			r.wait.Go(func() {
				for ctx.Err() == nil {
					_, err := c.Posts.GetPost(ctx, &postv1.GetPostRequest{PostId: postID})
					r.note(ctx, name, err)
				}
			})
		}
	}
	return r
}

func (r *readers) note(ctx context.Context, what string, err error) {
	if ctx.Err() != nil {
		return
	}
	r.done.Add(1)
	if err != nil {
		r.mu.Lock()
		r.complaints = append(r.complaints, what+": "+err.Error())
		r.mu.Unlock()
	}
}

// more waits until so many more calls were answered.
func (r *readers) more(t *testing.T, calls int64) {
	t.Helper()
	from := r.done.Load()
	testwait.Until(t, "more calls are answered", func() bool { return r.done.Load() >= from+calls })
}

// end ends the load and fails if any call failed.
func (r *readers) end(t *testing.T) {
	t.Helper()
	r.stop()
	r.wait.Wait()
	if len(r.complaints) > 0 {
		t.Errorf("%d of %d calls failed, such as: %s", len(r.complaints), r.done.Load(), r.complaints[0])
	}
	t.Logf("%d calls, %d failed", r.done.Load(), len(r.complaints))
}

func (g *gateway) losesNoReadWithAReplica(t *testing.T, s *topology.Topology, ada *person) {
	r := g.startReaders(t, ada, write(t, ada.Client, "read on"))
	for _, p := range s.Running("post") {
		r.more(t, 100)
		p.Kill()
		r.more(t, 300)
		must(t, p.Start(nil))
		must(t, p.WaitReady(t.Context()))
		g.waitUp(t, len(topology.Services()), 2)
	}
	r.end(t)
	must(t, s.WaitRouted(t.Context()))
}

// losesNoCallInARestart restarts each replica as a rolling update does, and posts meanwhile.
func (g *gateway) losesNoCallInARestart(t *testing.T, s *topology.Topology, ada *person) {
	r := g.startReaders(t, ada, write(t, ada.Client, "restart"))
	writer, err := pulse.NewClient(g.url, pulse.WithHTTPClient(connections), pulse.WithTokenStore(ada.tokens), pulse.WithMaxAttempts(1))
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	r.wait.Go(func() {
		for ctx.Err() == nil {
			_, err := writer.Posts.CreatePost(ctx, &postv1.CreatePostRequest{Text: "meanwhile"})
			r.note(ctx, "CreatePost", err)
		}
	})
	for _, p := range s.Running("post") {
		p.Setenv("PULSE_DRAIN_DELAY", "3s") // Longer than the gateway takes to notice.
		must(t, p.Restart(t.Context(), nil))
		g.waitUp(t, len(topology.Services()), 2)
		r.more(t, 100)
	}
	stop()
	r.end(t)
	must(t, s.WaitRouted(t.Context()))
}
