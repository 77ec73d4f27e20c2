// Package outbound makes HTTP calls to addresses that others have a say in, such as identity providers: never to this
// machine or its networks, and never for long or for much. The address is checked where the connection is made, after the
// name was resolved, so neither a redirect nor a name that resolves differently the second time gets past it.
package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

const (
	// timeout bounds a call, redirects and body included.
	timeout = 10 * time.Second
	// dialTimeout bounds making a connection, handshakeTimeout its TLS.
	dialTimeout      = 5 * time.Second
	handshakeTimeout = 5 * time.Second
	// maxBody bounds what is read of an answer, maxHeader its header.
	maxBody   = 1 << 20
	maxHeader = 64 << 10
	// maxRedirects is how many redirects are followed.
	maxRedirects = 3
)

// ErrForbidden tells that an address is not one of the public Internet.
var ErrForbidden = errors.New("address is not public")

// ErrTooLarge tells that an answer is larger than is read.
var ErrTooLarge = errors.New("answer is larger than 1 MiB")

// An Option changes what a client does.
type Option func(*http.Client, *http.Transport)

// WithAuthorities has the client check certificates with these authorities instead of the system's.
func WithAuthorities(pool *x509.CertPool) Option {
	return func(_ *http.Client, t *http.Transport) {
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
}

// WithoutRedirects has the client answer a redirect instead of following it: for what is meant for one address alone.
func WithoutRedirects() Option {
	return func(c *http.Client, _ *http.Transport) {
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
}

// NewClient makes a client. One that may call private addresses is for an address that the operator has set.
func NewClient(allowPrivate bool, options ...Option) *http.Client {
	dialer := &net.Dialer{Timeout: dialTimeout}
	if !allowPrivate {
		dialer.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error { return check(address) }
	}
	transport := &http.Transport{
		// No proxy, for it would resolve the name, and no connection that is kept: calls are few.
		Proxy: nil, DisableKeepAlives: true, ForceAttemptHTTP2: true,
		DialContext: dialer.DialContext, TLSHandshakeTimeout: handshakeTimeout, MaxResponseHeaderBytes: maxHeader,
	}
	client := &http.Client{
		Timeout:   timeout,
		Transport: bounded{transport},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("more than %d redirects", maxRedirects)
			}
			if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
				return errors.New("a redirect away from https")
			}
			return nil
		},
	}
	for _, option := range options {
		option(client, transport)
	}
	return client
}

// check refuses an address, as it is dialed, that is not public.
func check(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !Public(at.Addr()) {
		return fmt.Errorf("%w: %s", ErrForbidden, address)
	}
	return nil
}

// special are blocks that are not of the public Internet, besides those that package netip knows (IANA's registries of
// special-purpose addresses, RFC 6890), and blocks whose addresses stand for others, which may be private.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("100.64.0.0/10"),   // carrier-grade NAT
	netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments
	netip.MustParsePrefix("192.0.2.0/24"),    // documentation
	netip.MustParsePrefix("192.88.99.0/24"),  // 6to4 relays
	netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"), // documentation
	netip.MustParsePrefix("203.0.113.0/24"),  // documentation
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved, broadcast included
	netip.MustParsePrefix("::/96"),           // IPv4-compatible
	netip.MustParsePrefix("::ffff:0:0:0/96"), // IPv4-translated
	netip.MustParsePrefix("64:ff9b::/96"),    // NAT64
	netip.MustParsePrefix("64:ff9b:1::/48"),  // NAT64 of one's own
	netip.MustParsePrefix("100::/64"),        // discard
	netip.MustParsePrefix("2001::/23"),       // protocol assignments, Teredo among them
	netip.MustParsePrefix("2001:db8::/32"),   // documentation
	netip.MustParsePrefix("2002::/16"),       // 6to4
	netip.MustParsePrefix("3fff::/20"),       // documentation
	netip.MustParsePrefix("5f00::/16"),       // segment routing
	netip.MustParsePrefix("fec0::/10"),       // site-local
}

// Public tells whether an address is one of the public Internet; one with an IPv4 address in it, when that is.
func Public(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if !addr.IsGlobalUnicast() || addr.IsPrivate() {
		return false
	}
	for _, block := range special {
		if block.Contains(addr) {
			return false
		}
	}
	return true
}

// bounded bounds what is read of each answer.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := b.next.RoundTrip(req)
	if err == nil {
		res.Body = &boundedBody{ReadCloser: res.Body, left: maxBody}
	}
	return res, err
}

// boundedBody fails when more is read than may be: what is cut off could pass for the whole.
type boundedBody struct {
	io.ReadCloser

	left int64
}

// Read implements [io.Reader].
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, ErrTooLarge
	}
	return n, err
}
