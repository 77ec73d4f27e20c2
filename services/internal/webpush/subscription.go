package webpush

import (
	"crypto/ecdh"
	"errors"
	"net/netip"
	"net/url"

	"github.com/pulse-social/pulse/services/internal/outbound"
)

// authSize is the size of the secret that a browser shares with the server (RFC 8291, section 3.2).
const authSize = 16

// A Subscription is where a browser takes messages, and what only it can read them with.
type Subscription struct {
	// Endpoint is the https URL that the push service takes messages for the browser at.
	Endpoint string
	// PublicKey is the browser's, an uncompressed point of P-256; the Push API calls it p256dh.
	PublicKey []byte
	// Auth is the secret that the browser shares with the server, 16 bytes.
	Auth []byte
}

var (
	// ErrEndpoint tells that an endpoint is none of a push service that may be called.
	ErrEndpoint = errors.New("the endpoint is no https URL of a push service on the public Internet")
	// ErrKeys tells that the keys of a subscription are not those of RFC 8291.
	ErrKeys = errors.New("the keys are not a point of P-256 and 16 bytes in base64url")
)

// Parse reads a subscription as a browser describes it, the keys in base64url. The error is [ErrEndpoint] or [ErrKeys].
// What name the endpoint has is resolved when something is sent to it, and checked again then.
func (c Config) Parse(endpoint, p256dh, auth string) (Subscription, error) {
	if _, err := c.Host(endpoint); err != nil {
		return Subscription{}, err
	}
	public, err := decode(p256dh)
	if err != nil {
		return Subscription{}, ErrKeys
	}
	if _, err := ecdh.P256().NewPublicKey(public); err != nil {
		return Subscription{}, ErrKeys
	}
	secret, err := decode(auth)
	if err != nil || len(secret) != authSize {
		return Subscription{}, ErrKeys
	}
	return Subscription{Endpoint: endpoint, PublicKey: public, Auth: secret}, nil
}

// Host answers the host of a push service's endpoint, without a port. The error is [ErrEndpoint].
func (c Config) Host(endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Opaque != "" || u.Fragment != "" {
		return "", ErrEndpoint
	}
	if at, err := netip.ParseAddr(u.Hostname()); err == nil && !c.Private && !outbound.Public(at) {
		return "", ErrEndpoint
	}
	return u.Hostname(), nil
}
