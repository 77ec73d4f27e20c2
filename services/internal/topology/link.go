package topology

import (
	"context"
	"fmt"
	"strings"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/pulse-social/pulse/services/internal/loopback"
)

// A Link is the way of the processes to a server. It can be cut, and it can fall silent.
type Link struct {
	address string
	proxy   *toxiproxy.Proxy
}

// newLink lays a link to a server.
func newLink(name, upstream string) (*Link, error) {
	address, err := loopback.Free()
	if err != nil {
		return nil, err
	}
	owner := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l := &Link{address: address, proxy: toxiproxy.NewProxy(owner, name, address, upstream)}
	if err := l.proxy.Start(); err != nil {
		return nil, fmt.Errorf("link to %s: %w", name, err)
	}
	return l, nil
}

// Cut closes every connection and refuses new ones.
func (l *Link) Cut() { l.proxy.Stop() }

// Join undoes [Link.Cut].
func (l *Link) Join() error { return l.proxy.Start() }

// silenceName is the toxic's name.
const silenceName = "silence"

// Silence lets connections be made, and nothing pass.
func (l *Link) Silence() error {
	_, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(
		`{"name": "` + silenceName + `", "type": "timeout", "stream": "downstream", "attributes": {"timeout": 0}}`))
	return err
}

// Speak undoes [Link.Silence]. Connections that were silent end.
func (l *Link) Speak(ctx context.Context) error { return l.proxy.Toxics.RemoveToxic(ctx, silenceName) }
