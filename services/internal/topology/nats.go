package topology

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/pulse-social/pulse/services/internal/loopback"
)

// NATS is a NATS server on the loopback that can be stopped and started again, with its store or without.
type NATS struct {
	address, dir string

	mu     sync.Mutex
	server *server.Server
}

// startNATS starts a server that keeps its streams in dir.
func startNATS(dir string) (*NATS, error) {
	address, err := loopback.Free()
	if err != nil {
		return nil, err
	}
	n := &NATS{address: address, dir: dir}
	return n, n.Start()
}

// Start starts the server, at the same address each time.
func (n *NATS) Start() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	host, portText, err := net.SplitHostPort(n.address)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return err
	}
	n.server, err = server.NewServer(&server.Options{
		ServerName: "topology", Host: host, Port: port, JetStream: true, StoreDir: n.dir, NoLog: true, NoSigs: true,
	})
	if err != nil {
		return fmt.Errorf("start NATS: %w", err)
	}
	n.server.Start()
	if !n.server.ReadyForConnections(10 * time.Second) {
		return errors.New("NATS did not start within 10 s")
	}
	return nil
}

// Stop stops the server; its store stays.
func (n *NATS) Stop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.server.Shutdown()
	n.server.WaitForShutdown()
}

// LoseStore deletes what a stopped server has kept.
func (n *NATS) LoseStore() error { return os.RemoveAll(n.dir) }
