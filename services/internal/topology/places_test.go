package topology_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/pulse-social/pulse/services/internal/topology"
)

// places are where the replicas of the shared topology are: an address of the loopback for each and one port for all, as
// containers have it, so that a name server can tell a gateway where they are. Both are drawn, for other tests may run.
var places = drawAddresses()

type addresses struct {
	network byte
	port    int
}

func drawAddresses() addresses {
	return addresses{network: byte(2 + rand.IntN(250)), port: 22_000 + rand.IntN(10_000)} // Any will do.
}

// ip is the address of a replica, which is counted from 0.
func (a addresses) ip(service string, replica int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, a.network, byte(1 + slices.Index(topology.Services(), service)), byte(1 + replica)})
}

// address is the same with the port.
func (a addresses) address(service string, replica int) string {
	return net.JoinHostPort(a.ip(service, replica).String(), strconv.Itoa(a.port))
}

// A nameServer answers questions for names, as the one of a container engine does.
type nameServer struct {
	conn net.PacketConn

	mu    sync.Mutex
	hosts map[string][]netip.Addr
}

// serveNames starts a name server that knows nothing yet.
func serveNames(t *testing.T) *nameServer {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	must(t, err)
	n := &nameServer{conn: conn, hosts: map[string][]netip.Addr{}}
	var served sync.WaitGroup
	served.Go(n.serve)
	t.Cleanup(func() {
		_ = conn.Close()
		served.Wait()
	})
	return n
}

// set says where a name leads.
func (n *nameServer) set(name string, hosts ...netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts[name+"."] = hosts
}

// serve answers until the connection is closed.
func (n *nameServer) serve() {
	packet := make([]byte, 512)
	for {
		size, from, err := n.conn.ReadFrom(packet)
		if err != nil {
			return
		}
		if answer, err := n.answer(packet[:size]); err == nil {
			_, _ = n.conn.WriteTo(answer, from)
		}
	}
}

func (n *nameServer) answer(packet []byte) ([]byte, error) {
	var question dnsmessage.Message
	if err := question.Unpack(packet); err != nil {
		return nil, err
	}
	if len(question.Questions) != 1 {
		return nil, fmt.Errorf("%d questions", len(question.Questions))
	}
	asked := question.Questions[0]
	answer := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: question.ID, Response: true, RecursionAvailable: true},
		Questions: question.Questions,
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	hosts, known := n.hosts[asked.Name.String()]
	if !known {
		answer.RCode = dnsmessage.RCodeNameError
	}
	if asked.Type == dnsmessage.TypeA {
		for _, host := range hosts {
			answer.Answers = append(answer.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: asked.Name, Class: dnsmessage.ClassINET},
				Body:   &dnsmessage.AResource{A: host.As4()},
			})
		}
	}
	return answer.Pack()
}
