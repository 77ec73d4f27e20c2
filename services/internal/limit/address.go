package limit

import (
	"net/netip"
	"slices"
	"strings"
)

// proxies are the networks whose X-Forwarded-For is believed.
type proxies []netip.Prefix

func (c Config) proxies() proxies {
	var networks proxies
	for _, text := range c.TrustedProxies {
		if network, err := parseNetwork(text); err == nil { // Validate has refused all others.
			networks = append(networks, network)
		}
	}
	return networks
}

func (p proxies) trusts(address netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(address) })
}

// Origin answers the address that a call came from: that of the peer, host and port; or when that is a proxy that is trusted,
// the last in its X-Forwarded-For that is not one. Whatever a caller has written there stands before it.
func (l *Limiter) Origin(peer string, forwardedFor []string) netip.Addr {
	from, err := netip.ParseAddrPort(peer)
	if err != nil {
		return netip.Addr{}
	}
	address := plain(from.Addr())
	hops := strings.Split(strings.Join(forwardedFor, ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !l.proxies.trusts(address) {
			break
		}
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		address = plain(next)
	}
	return address
}

// plain is an address as it is compared.
func plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }
