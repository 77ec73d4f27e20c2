package limit_test

import (
	"net/netip"
	"testing"

	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/limit"
)

func TestOrigin(t *testing.T) {
	t.Parallel()
	l := limit.New(limit.Config{TrustedProxies: []string{"10.0.0.0/8", "fd00::/8", "192.0.2.1"}}, nil, nil)
	for name, c := range map[string]struct {
		peer      string
		forwarded []string
		want      string
	}{
		"a caller":                          {"198.51.100.7:5000", nil, "198.51.100.7"},
		"a caller who pretends":             {"198.51.100.7:5000", []string{"203.0.113.9"}, "198.51.100.7"},
		"a proxy":                           {"10.1.2.3:5000", []string{"203.0.113.9"}, "203.0.113.9"},
		"a proxy by its address":            {"192.0.2.1:5000", []string{"203.0.113.9"}, "203.0.113.9"},
		"a proxy that says nothing":         {"10.1.2.3:5000", nil, "10.1.2.3"},
		"a proxy that says nonsense":        {"10.1.2.3:5000", []string{"unknown"}, "10.1.2.3"},
		"who pretends behind a proxy":       {"10.1.2.3:5000", []string{"1.2.3.4, 203.0.113.9"}, "203.0.113.9"},
		"who pretends in a header before":   {"10.1.2.3:5000", []string{"1.2.3.4", "203.0.113.9"}, "203.0.113.9"},
		"two proxies":                       {"10.1.2.3:5000", []string{"1.2.3.4, 203.0.113.9, fd00::1"}, "203.0.113.9"},
		"nonsense before a proxy":           {"10.1.2.3:5000", []string{"203.0.113.9, nonsense, 10.9.9.9"}, "10.9.9.9"},
		"IPv4 in IPv6":                      {"[::ffff:10.1.2.3]:5000", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		"a zone":                            {"[fe80::1%eth0]:5000", nil, "fe80::1"},
		"an address that is none":           {"@", []string{"203.0.113.9"}, "invalid IP"},
		"a proxy for others of its network": {"10.1.2.3:5000", []string{"10.7.7.7"}, "10.7.7.7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := l.Origin(c.peer, c.forwarded).String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestWhoIsCountedTogether(t *testing.T) {
	t.Parallel()
	first, second := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::ffff:2")
	elsewhere := netip.MustParseAddr("2001:db8:0:1::1")
	nobody, ada, key := auth.Principal{}, auth.Principal{UserID: 1}, auth.Principal{APIKeyID: 1}
	if limit.Caller(limit.Read, nobody, first) != limit.Caller(limit.Read, nobody, second) {
		t.Error("one household is two callers")
	}
	if limit.Caller(limit.Read, nobody, first) == limit.Caller(limit.Read, nobody, elsewhere) {
		t.Error("two households are one caller")
	}
	if limit.Caller(limit.Write, ada, first) != limit.Caller(limit.Write, ada, elsewhere) {
		t.Error("a person is one caller by each address")
	}
	if limit.Caller(limit.Write, ada, first) == limit.Caller(limit.Write, key, first) {
		t.Error("a person and an API key are one caller")
	}
	if limit.Caller(limit.SignIn, ada, first) != limit.Caller(limit.SignIn, nobody, first) {
		t.Error("who is signed in may guess beside the limit of the address")
	}
	if limit.Login("Ada@Example.org") != limit.Login("ada@example.org") {
		t.Error("capital letters make another login")
	}
}
