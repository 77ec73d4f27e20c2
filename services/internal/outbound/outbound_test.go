package outbound_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/pulse-social/pulse/services/internal/outbound"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPublic(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"1.1.1.1": true, "8.8.8.8": true, "2606:4700:4700::1111": true, "::ffff:1.1.1.1": true, "172.32.0.1": true, "100.128.0.1": true,
		"127.0.0.1": false, "127.8.8.8": false, "::1": false, "::ffff:127.0.0.1": false, "0.0.0.0": false, "0.1.2.3": false, "::": false,
		"10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "::ffff:10.0.0.1": false, "fd00::1": false, "fc00::1": false,
		"169.254.169.254": false, "::ffff:169.254.169.254": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false,
		"100.64.0.1": false, "192.0.0.8": false, "192.0.2.1": false, "198.18.0.1": false, "198.51.100.1": false, "203.0.113.1": false,
		"224.0.0.1": false, "239.1.1.1": false, "ff02::1": false, "240.0.0.1": false, "255.255.255.255": false,
		// Addresses with another in them: compatible, translated, NAT64, 6to4, Teredo.
		"::7f00:1": false, "::ffff:0:7f00:1": false, "64:ff9b::7f00:1": false, "64:ff9b::a00:1": false, "64:ff9b:1::1": false, "2002:7f00:1::": false,
		"2001:0:4136:e378::": false, "2001:db8::1": false, "100::1": false,
	} {
		if got := outbound.Public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is public: %t, want %t", address, got, want)
		}
	}
}

// serve starts a server on the loopback.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func TestClientRefusesThisMachine(t *testing.T) {
	t.Parallel()
	at := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the server was reached") })
	client := outbound.NewClient(false)
	port := at[strings.LastIndexByte(at, ':'):]
	// By its address, by names that resolve to it, and written in ways that some parsers take.
	for _, url := range []string{at, "http://localhost" + port, "http://[::1]" + port, "http://[::ffff:127.0.0.1]" + port, "http://0.0.0.0" + port, "http://[::ffff:7f00:1]" + port} {
		res, err := client.Get(url)
		if err == nil {
			res.Body.Close()
		}
		if !errors.Is(err, outbound.ErrForbidden) {
			t.Errorf("%s: %v, want it refused", url, err)
		}
	}
}

func TestClientBoundsAnswers(t *testing.T) {
	t.Parallel()
	client := outbound.NewClient(true)
	read := func(size int) (int, error) {
		at := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, size)) })
		res, err := client.Get(at)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return len(body), err
	}
	if n, err := read(1 << 20); n != 1<<20 || err != nil {
		t.Errorf("1 MiB: %d bytes, %v", n, err)
	}
	if _, err := read(1<<20 + 1); !errors.Is(err, outbound.ErrTooLarge) {
		t.Errorf("a byte more: %v, want it refused", err)
	}
}

func TestClientFollowsFewRedirects(t *testing.T) {
	t.Parallel()
	calls := 0
	var at string
	at = serve(t, func(w http.ResponseWriter, r *http.Request) { calls++; http.Redirect(w, r, at, http.StatusFound) })
	res, err := outbound.NewClient(true).Get(at)
	if err == nil {
		res.Body.Close()
		t.Error("it followed redirects without an end")
	}
	if calls != 4 {
		t.Errorf("%d calls, want one and three redirects", calls)
	}
}
