package topology_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"

	"github.com/pulse-social/pulse/services/internal/testmain"

	"go.uber.org/goleak"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/internal/topology"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// built is the program.
var built = sync.OnceValues(func() (string, error) { return topology.Build(context.Background(), folder) })

// shared is the split topology of all tests: its ten processes take longer to start than the tests to run. A test that
// breaks something mends it.
var shared = sync.OnceValues(func() (*topology.Topology, error) {
	servers, _ := topology.ServersFromEnvironment()
	ctx := context.Background()
	binary, err := built()
	if err != nil {
		return nil, err
	}
	started = true
	endpoint, err := received.serve()
	if err != nil {
		return nil, err
	}
	return topology.Split(ctx, topology.Options{
		Binary: binary, Dir: folder, Servers: servers, Addr: places.address,
		Env: map[string]string{
			"PULSE_CORS_ORIGINS":   origin,
			"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
			"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_BSP_SCHEDULE_DELAY": "20",
			"PULSE_LOG_LEVEL": "debug", // It has a line for each call.
		},
	})
})

var (
	folder  string
	started bool
)

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "pulse-topology"); err != nil {
		panic(err)
	}
	code := m.Run()
	if started {
		if t, err := shared(); err == nil {
			err = t.Stop(context.Background())
			if err != nil {
				fmt.Fprintln(os.Stderr, "stop the topology:", err)
				code = 1
			}
		}
		if err := received.stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stop the receiver of traces:", err)
			code = 1
		}
	}
	connections.CloseIdleConnections()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(testmain.Brokers()...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if err := os.RemoveAll(folder); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// split answers the shared topology.
func split(t *testing.T) *topology.Topology {
	t.Helper()
	if _, ok := topology.ServersFromEnvironment(); !ok {
		t.Skip("needs Postgres and Redis: run it under .tools/with-backends.sh")
	}
	s, err := shared()
	must(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("logs of the processes:\n%s", s.Logs())
		}
	})
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// connections is one pool for all clients.
var connections = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}

// at makes a client of a replica, or of all through the proxy.
func at(t *testing.T, url string, opts ...pulse.Option) *pulse.Client {
	t.Helper()
	c, err := pulse.NewClient(url, append(opts, pulse.WithHTTPClient(connections))...)
	must(t, err)
	return c
}

// person is somebody with a session.
type person struct {
	*pulse.Client
	id     int64
	tokens *pulsetest.Tokens
}

// register registers somebody through the proxy.
func register(t *testing.T, s *topology.Topology, handle string) *person {
	t.Helper()
	p := &person{tokens: &pulsetest.Tokens{}}
	p.Client = at(t, s.URL(), pulse.WithTokenStore(p.tokens))
	account, err := p.Register(t.Context(), &identityv1.RegisterRequest{
		Handle: handle, Email: handle + "@example.org", Password: "correct horse battery",
	})
	must(t, err)
	p.id = account.GetId()
	return p
}

// on is the person's client of one replica.
func (p *person) on(t *testing.T, replica *topology.Process) *pulse.Client {
	t.Helper()
	return at(t, replica.URL(), pulse.WithTokenStore(p.tokens))
}

// signedIn answers the tokens of the person's session.
func (p *person) signedIn(t *testing.T) *identityv1.Tokens {
	t.Helper()
	tokens, err := p.tokens.Load(t.Context())
	must(t, err)
	return tokens
}

func write(t *testing.T, c *pulse.Client, text string) int64 {
	t.Helper()
	answer, err := c.Posts.CreatePost(t.Context(), &postv1.CreatePostRequest{Text: text})
	must(t, err)
	return answer.GetPost().GetId()
}

// check fails the test when an invariant is broken.
func check(t *testing.T, s *topology.Topology) {
	t.Helper()
	invariants, err := s.Check(t.Context())
	must(t, err)
	if len(invariants) == 0 {
		t.Error(errors.New("pulse check checked nothing"))
	}
	for _, i := range invariants {
		if i.Broken > 0 {
			t.Errorf("%s is broken (%s): %q", i.ID, i.What, i.Violations)
		}
	}
}
