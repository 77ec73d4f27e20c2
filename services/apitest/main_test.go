package apitest_test

import (
	"net/http"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	const nats = "github.com/nats-io/nats-server/v2/server"
	goleak.VerifyTestMain(closingConnections{m},
		// The embedded broker forgets to stop a file store now and then when it is shut down, and with it the clock that
		// file stores share.
		goleak.IgnoreTopFunction(nats+".(*fileStore).flushStreamStateLoop"),
		goleak.IgnoreTopFunction(nats+"/ats.Register.func1"))
}

// closingConnections closes what clients without an HTTP client of their own keep open, for goleak to find only what
// Pulse has forgotten.
type closingConnections struct{ m *testing.M }

func (c closingConnections) Run() int {
	defer http.DefaultClient.CloseIdleConnections()
	return c.m.Run()
}
