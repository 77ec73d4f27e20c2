package bus

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// embedded is a broker inside the process, that listens on nothing. JetStream keeps its default of not syncing every
// message: the outbox is the durable record.
type embedded struct {
	dir string

	mu     sync.Mutex
	server *server.Server
}

// start starts the broker.
func (e *embedded) start() error {
	s, err := server.NewServer(&server.Options{
		ServerName: "pulse", DontListen: true, JetStream: true, StoreDir: e.dir, NoLog: true, NoSigs: true,
	})
	if err != nil {
		return fmt.Errorf("start the embedded broker: %w", err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		s.Shutdown()
		return errors.New("the embedded broker did not start within 10 s: check that PULSE_DATA_DIR can be written")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.server = s
	return nil
}

// InProcessConn implements [nats.InProcessConnProvider].
func (e *embedded) InProcessConn() (net.Conn, error) { return e.running().InProcessConn() }

// stop stops the broker.
func (e *embedded) stop() {
	s := e.running()
	s.Shutdown()
	s.WaitForShutdown()
}

func (e *embedded) running() *server.Server {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.server
}
