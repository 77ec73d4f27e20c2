package topology

import (
	"context"
	"errors"
	"io"
	"log" //nolint:depguard // What the proxy takes.
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// A Proxy is in front of the replicas, as a gateway is: it sends each call to the next ready replica of the service that
// the call is for, in the protocol it came in (HTTP/1.1, or HTTP/2 without TLS), and never a second time.
type Proxy struct {
	listener net.Listener
	server   *http.Server
	backends map[string][]*backend
	next     atomic.Uint64
	onward   sameProtocol
	stop     context.CancelFunc
	polls    sync.WaitGroup
	observe  atomic.Pointer[func(service string, r *http.Request)]
}

// backend is a replica as the proxy sees it.
type backend struct {
	process *Process
	proxy   *httputil.ReverseProxy
	ready   atomic.Bool
}

// newProxy listens, so that the processes can be told where it is.
func newProxy(ctx context.Context) (*Proxy, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return &Proxy{listener: l, backends: map[string][]*backend{}}, nil
}

// Address is host and port of the proxy.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Observe has every call told to fn before it is sent on; nil ends that.
func (p *Proxy) Observe(fn func(service string, r *http.Request)) {
	if fn == nil {
		p.observe.Store(nil)
		return
	}
	p.observe.Store(&fn)
}

// serve begins to pass calls on to processes.
func (p *Proxy) serve(processes []*Process) {
	p.onward = newSameProtocol()
	polling, stop := context.WithCancel(context.Background())
	p.stop = stop
	var all []*backend
	for _, process := range processes {
		b := &backend{process: process, proxy: reverseProxy(process, p.onward)}
		p.backends[process.Service] = append(p.backends[process.Service], b)
		all = append(all, b)
		p.polls.Go(func() { b.poll(polling) })
	}
	mux := http.NewServeMux()
	for pattern, service := range routes() {
		mux.Handle(pattern, p.handler(service, p.backends[service]))
	}
	mux.Handle("/", p.handler("", all)) // What every replica answers, such as the schema.
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	p.server = &http.Server{Handler: mux, Protocols: protocols, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = p.server.Serve(p.listener) }() // It ends when it is closed.
}

// handler sends each call to the next of the replicas that are ready.
func (p *Proxy) handler(service string, replicas []*backend) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if observe := p.observe.Load(); observe != nil {
			(*observe)(service, r)
		}
		first := p.next.Add(1)
		for i := range replicas {
			if b := replicas[(first+uint64(i))%uint64(len(replicas))]; b.ready.Load() {
				b.proxy.ServeHTTP(w, r)
				return
			}
		}
		http.Error(w, "no replica of "+service+" is ready", http.StatusServiceUnavailable)
	})
}

// poll keeps what is known of the replica's readiness up to date.
func (b *backend) poll(ctx context.Context) {
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		b.ready.Store(b.process.Ready(ctx))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (p *Proxy) close() error {
	if p.server == nil {
		return p.listener.Close()
	}
	p.stop()
	p.polls.Wait()
	err := p.server.Close()
	p.onward.http1.CloseIdleConnections()
	p.onward.http2.CloseIdleConnections()
	return err
}

// reverseProxy passes calls on to a process.
func reverseProxy(process *Process, transport http.RoundTripper) *httputil.ReverseProxy {
	target := &url.URL{Scheme: "http", Host: process.api}
	return &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target); r.SetXForwarded() },
		Transport:     transport,
		FlushInterval: -1, // Streams pass as they come.
		// That a stream broke is told to its client.
		ErrorLog: log.New(io.Discard, "", 0),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			status := http.StatusBadGateway
			if errors.Is(err, context.DeadlineExceeded) {
				status = http.StatusGatewayTimeout
			}
			w.WriteHeader(status)
		},
	}
}

// sameProtocol sends a request in the protocol that it came in.
type sameProtocol struct{ http1, http2 *http.Transport }

func newSameProtocol() sameProtocol {
	h2 := new(http.Protocols)
	h2.SetUnencryptedHTTP2(true)
	return sameProtocol{http1: &http.Transport{MaxIdleConnsPerHost: 64}, http2: &http.Transport{Protocols: h2}}
}

// RoundTrip implements [http.RoundTripper].
func (t sameProtocol) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.ProtoMajor == 2 {
		return t.http2.RoundTrip(r)
	}
	return t.http1.RoundTrip(r)
}
