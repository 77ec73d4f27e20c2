// Package loopback finds addresses for servers that a program starts beside itself.
package loopback

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// Ports are drawn from below those that Linux gives to outgoing connections: a server that takes a moment to listen, or starts
// again, must find its own free.
const (
	firstPort = 22_000
	ports     = 10_000
	// portTries bounds the search; each try is likely to succeed.
	portTries = 100
)

// drawn are the addresses that were answered before: some of them nobody listens at yet.
var drawn sync.Map

// Free answers an address of the loopback, such as 127.0.0.1:22000, that nobody listens at, and none twice.
func Free() (string, error) {
	var err error
	for range portTries {
		address := fmt.Sprintf("127.0.0.1:%d", firstPort+rand.IntN(ports)) //nolint:gosec // Any port will do.
		if _, before := drawn.LoadOrStore(address, true); before {
			continue
		}
		var l net.Listener
		if l, err = new(net.ListenConfig).Listen(context.Background(), "tcp", address); err == nil {
			return address, l.Close()
		}
	}
	return "", errors.Join(errors.New("found no free port"), err)
}
