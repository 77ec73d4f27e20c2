package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func TestSmoke(t *testing.T) {
	t.Parallel()
	p := program{dir: t.TempDir()}
	url, stop := p.serve(t)
	if out, code := p.run(t, "smoke", "--addr", url); code != 0 || strings.Count(out, "\n") != 11 {
		t.Errorf("exit code %d, %s", code, out)
	}
	if out, code := p.run(t, "smoke", "--addr", url, "--for", "1s", "--rate", "20", "--strict"); code != 0 ||
		!strings.Contains(out, "posts          20, acknowledged 20, lost 0, twice 0") || !strings.Contains(out, "calls          40, failed and repeated 0") {
		t.Errorf("exit code %d, %s", code, out)
	}
	if out, code := p.run(t, "smoke", "--addr", url, "--for", "1s", "--json"); code != 0 || !strings.Contains(out, `{"posts":50,"acknowledged":50,`) {
		t.Errorf("exit code %d, %s", code, out)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if out, code := p.run(t, "smoke", "--addr", url); code != 1 || !strings.Contains(out, "nothing listens at "+url) {
		t.Errorf("exit code %d, %s", code, out)
	}
	for args, want := range map[string]string{
		"--for 1ms":            "--for 1ms: give a second or more",
		"--for 1s --rate 0":    "--rate 0: give more than 0, at most 10000",
		"--for 1s --authors 0": "--authors 0: give 1 to 1000",
		"--addr localhost":     "give scheme and host",
	} {
		if out, code := p.run(t, append([]string{"smoke"}, strings.Fields(args)...)...); code != 1 || !strings.Contains(out, want) {
			t.Errorf("%s: exit code %d, %s, want %q", args, code, out, want)
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	var ready atomic.Bool
	ready.Store(true)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			t.Errorf("asked for %s", r.URL)
		}
		if !ready.Load() {
			http.Error(w, "not ready: starting or stopping", http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	health := func(address string) (string, int) {
		c := program{dir: t.TempDir()}.command(t.Context(), "health")
		c.Env = append(c.Env, "PULSE_OPS_ADDR="+address)
		out, _ := c.CombinedOutput()
		return string(out), c.ProcessState.ExitCode()
	}
	address := strings.TrimPrefix(server.URL, "http://")
	if out, code := health(address); code != 0 || out != "" {
		t.Errorf("ready: exit code %d, %s", code, out)
	}
	ready.Store(false)
	if out, code := health(address); code != 1 || out != "pulse: not healthy: not ready: starting or stopping\n" {
		t.Errorf("not ready: exit code %d, %s", code, out)
	}
	// The port of a server that has closed is soon another test's; this one is nobody's.
	if out, code := health("127.0.0.1:1"); code != 1 || strings.Count(out, "\n") != 1 || !strings.Contains(out, "does not answer") {
		t.Errorf("nobody listens: exit code %d, %s", code, out)
	}
}

func TestLocalAddress(t *testing.T) {
	t.Parallel()
	for listens, want := range map[string]string{
		"0.0.0.0:9090": "127.0.0.1:9090", ":9090": "127.0.0.1:9090", "[::]:9090": "127.0.0.1:9090",
		"10.1.2.3:9090": "10.1.2.3:9090", "localhost:9090": "localhost:9090", "[::1]:9090": "[::1]:9090",
	} {
		if got, err := localAddress(listens); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", listens, got, err, want)
		}
	}
	if _, err := localAddress("9090"); err == nil {
		t.Error("9090 is taken for an address")
	}
}
