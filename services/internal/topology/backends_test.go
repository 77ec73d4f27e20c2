package topology_test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"

	"github.com/pulse-social/pulse/services/internal/testbackend"
	"github.com/pulse-social/pulse/services/internal/testca"
	"github.com/pulse-social/pulse/services/internal/topology"
)

// Backends whose certificates are of an authority of one's own are trusted by SSL_CERT_FILE, and not without it.
func TestBackendsWithTLS(t *testing.T) {
	servers, ok := topology.ServersFromEnvironment()
	if !ok {
		t.Skip("needs Postgres and Redis: run it under .tools/with-backends.sh")
	}
	authority := testca.New(t, "backends")
	files := testca.In(t, t.TempDir())
	files.Trust(t, authority)
	issued := authority.Issue(t, "spiffe://example.org/backend", time.Now().Add(time.Hour))
	pair, err := tls.X509KeyPair(issued.Cert, issued.Key)
	must(t, err)
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13}

	postgres := secureFront(t, config, hostOf(t, servers.Database), acceptSSLRequest)
	redis := secureFront(t, config, hostOf(t, servers.Redis), nil)
	broker := testbackend.StartNATS(t, 1, func(o *natsserver.Options) { o.TLSConfig, o.TLSTimeout = config, 5 })
	all := map[string]string{
		"PULSE_DATABASE_URL": moved(t, testbackend.Database(t), postgres.address, "postgres", "sslmode=verify-full"),
		"PULSE_REDIS_URL":    moved(t, testbackend.Redis(t), redis.address, "rediss", ""),
		"PULSE_NATS_URL":     strings.Replace(broker.URL(), "nats://", "tls://", 1),
	}
	for name, value := range all {
		t.Run(name+" is not trusted", func(t *testing.T) {
			_, err := start(t, map[string]string{name: value})
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("got %v, want an error of %s", err, name)
			}
		})
	}
	all["SSL_CERT_FILE"] = files.CA
	s, err := start(t, all)
	must(t, err)
	write(t, register(t, s, "secured_ada").Client, "hello")
	check(t, s)
	if postgres.used.Load() == 0 || redis.used.Load() == 0 {
		t.Error("Postgres or Redis was not reached by TLS")
	}
}

// start starts a process.
func start(t *testing.T, env map[string]string) (*topology.Topology, error) {
	t.Helper()
	program, err := built()
	must(t, err)
	s, err := topology.Embedded(context.WithoutCancel(t.Context()), topology.Options{Binary: program, Dir: t.TempDir(), Env: env})
	if err == nil {
		t.Cleanup(func() { must(t, s.Stop(context.WithoutCancel(t.Context()))) })
	}
	return s, err
}

// hostOf is host and port of a URL.
func hostOf(t *testing.T, text string) string {
	t.Helper()
	u, err := url.Parse(text)
	must(t, err)
	return u.Host
}

// moved is a URL of another scheme, address and query.
func moved(t *testing.T, text, address, scheme, query string) string {
	t.Helper()
	u, err := url.Parse(text)
	must(t, err)
	u.Scheme, u.Host, u.RawQuery = scheme, address, query
	return u.String()
}

// A front speaks TLS and passes on to a server without.
type front struct {
	address string
	used    atomic.Int64
}

// secureFront starts a front. before is done on a connection before TLS begins.
func secureFront(t *testing.T, config *tls.Config, to string, before func(net.Conn) error) *front {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	f := &front{address: l.Addr().String()}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { f.pass(ctx, conn, config, to, before) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		cancel()
		serving.Wait()
	})
	return f
}

func (f *front) pass(ctx context.Context, conn net.Conn, config *tls.Config, to string, before func(net.Conn) error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	if before != nil && before(conn) != nil {
		return
	}
	secured := tls.Server(conn, config)
	if secured.HandshakeContext(ctx) != nil {
		return
	}
	onward, err := new(net.Dialer).DialContext(ctx, "tcp", to)
	if err != nil {
		return
	}
	f.used.Add(1)
	context.AfterFunc(ctx, func() { _ = onward.Close() })
	go func() {
		_, _ = io.Copy(onward, secured)
		cancel()
	}()
	_, _ = io.Copy(secured, onward)
}

// acceptSSLRequest answers the message by which clients of Postgres ask for TLS.
func acceptSSLRequest(conn net.Conn) error {
	const code = 80877103
	message := make([]byte, 8)
	if _, err := io.ReadFull(conn, message); err != nil {
		return err
	}
	if binary.BigEndian.Uint32(message) != uint32(len(message)) || binary.BigEndian.Uint32(message[4:]) != code {
		return errors.New("not an SSLRequest")
	}
	_, err := conn.Write([]byte("S"))
	return err
}
