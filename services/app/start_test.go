package app_test

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pulse-social/pulse/services/app"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// startWith tries to start a Pulse with an environment, and answers why it did not.
func startWith(t *testing.T, services []string, env map[string]string) error {
	t.Helper()
	all := map[string]string{"PULSE_ADDR": "127.0.0.1:0", "PULSE_OPS_ADDR": "127.0.0.1:0", "PULSE_DATA_DIR": t.TempDir(), "PULSE_MEDIA_URL": "mem://"}
	maps.Copy(all, env)
	config, _, err := app.LoadConfig(func(name string) (string, bool) { value, ok := all[name]; return value, ok })
	if err != nil {
		return err
	}
	a, err := app.New(config, app.Options{Services: services, LogTo: io.Discard})
	if err != nil {
		return err
	}
	if err := a.Start(t.Context()); err != nil {
		return err
	}
	t.Error("started, want an error")
	return a.Stop(context.WithoutCancel(t.Context()))
}

func TestAStartThatCannotBeSaysWhyInALine(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	running := pulsetest.Start(t, pulsetest.WithEnv("PULSE_DATABASE_URL", "sqlite:"+t.TempDir()+"/pulse.db"))

	for name, c := range map[string]struct {
		services []string
		env      map[string]string
		want     string
	}{
		"port in use":          {nil, map[string]string{"PULSE_ADDR": taken.Addr().String()}, "PULSE_ADDR=" + taken.Addr().String() + ": cannot listen there (address already in use): stop what uses the port, or set another"},
		"folder in use":        {nil, map[string]string{"PULSE_DATA_DIR": running.Config(t).Store.DataDir}, "is in use by another process: stop that one, or set PULSE_DATA_DIR to another folder"},
		"folder not writable":  {nil, map[string]string{"PULSE_DATA_DIR": "/proc/pulse"}, "PULSE_DATA_DIR=/proc/pulse: cannot make the folder"},
		"unreachable database": {nil, map[string]string{"PULSE_DATABASE_URL": "postgres://pulse@127.0.0.1:1/pulse"}, "PULSE_DATABASE_URL: cannot use the Postgres at 127.0.0.1:1"},
		"unreachable redis":    {nil, map[string]string{"PULSE_REDIS_URL": "redis://127.0.0.1:1"}, "PULSE_REDIS_URL: cannot reach Redis"},
		"unreachable nats":     {nil, map[string]string{"PULSE_NATS_URL": "nats://127.0.0.1:1"}, "PULSE_NATS_URL: cannot reach NATS"},
		"no storage":           {nil, map[string]string{"PULSE_DATABASE_URL": "postgres://pulse@127.0.0.1:1/pulse", "PULSE_MEDIA_URL": ""}, "PULSE_MEDIA_URL is not set, and PULSE_DATABASE_URL is"},
		"unknown storage":      {nil, map[string]string{"PULSE_MEDIA_URL": "ftp://pictures"}, "choose s3://, gs://, azblob://, file:// or mem://"},
		"storage not writable": {nil, map[string]string{"PULSE_MEDIA_URL": "file:///proc/pulse"}, "PULSE_MEDIA_URL=file:///proc/pulse: the storage of pictures cannot be opened"},
		"wrong variable":       {nil, map[string]string{"PULSE_POST_MAX_CHARS": "many"}, `PULSE_POST_MAX_CHARS="many" is not a whole number`},
		"out of bounds":        {nil, map[string]string{"PULSE_POST_MAX_CHARS": "0"}, "PULSE_POST_MAX_CHARS=0: set 1 to 100000"},
		"wildcard origin":      {nil, map[string]string{"PULSE_CORS_ORIGINS": "*"}, "write exact origins"},
		"unknown service":      {[]string{"posts"}, nil, `there is no service "posts": choose from identity, user, post, media, graph, timeline`},
		"missing peer":         {[]string{"timeline"}, nil, "service timeline calls post, which this process does not run"},
		"schema not migrated":  {nil, map[string]string{"PULSE_MIGRATE": "false"}, "run pulse migrate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := startWith(t, c.services, c.env)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, c.want)
			}
		})
	}
}

func TestOperatorsPort(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t)
	p.User(t, "ada")
	for path, want := range map[string]string{
		"/healthz": "ok", "/readyz": "ready", "/metrics": "pulse_outbox_pending_events", "/check": `"id":"I7"`,
	} {
		status, body := get(t, p.App.OpsURL()+path)
		if status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %.300s, want 200 with %q", path, status, body, want)
		}
	}
}

func TestStopFinishesCallsUnderWay(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_DRAIN_DELAY", "3s"))
	url, ops := p.URL(), p.App.OpsURL()
	stopped := make(chan struct{})
	go func() { p.Stop(t); close(stopped) }()
	// While it drains it is unready, and serves on.
	deadline := time.Now().Add(5 * time.Second)
	for {
		status, _ := get(t, ops+"/readyz")
		if status == http.StatusServiceUnavailable {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it never became unready")
		}
	}
	if status, body := get(t, url+"/openapi.yaml"); status != http.StatusOK || !strings.HasPrefix(body, "openapi: 3.1") {
		t.Errorf("while draining: %d %.80s, want an answer", status, body)
	}
	<-stopped
}

// net/http itself lets a connection that said nothing live for five seconds. The stop of another Pulse tells how long one takes
// on this machine just now.
func TestStopDoesNotWaitForConnectionsThatSayNothing(t *testing.T) {
	t.Parallel()
	// A wait is there each time; what else a busy machine does meanwhile is not.
	for try := 1; ; try++ {
		took, usual := stopsWithAndWithoutSilence(t)
		if took-usual <= 4*time.Second {
			return
		}
		if try == 3 {
			t.Fatalf("the stop took %s, and %s without the connection, and so thrice", took, usual)
		}
	}
}

// stopsWithAndWithoutSilence answers how long two stops take: one with an open connection on which nothing was said, one without.
func stopsWithAndWithoutSilence(t *testing.T) (with, without time.Duration) {
	t.Helper()
	p, other := pulsetest.Start(t), pulsetest.Start(t)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	get(t, p.URL()+"/openapi.yaml") // By now the server has accepted the silent one too.
	return stopTakes(t, p), stopTakes(t, other)
}

func stopTakes(t *testing.T, p *pulsetest.Pulse) time.Duration {
	t.Helper()
	began := time.Now()
	p.Stop(t)
	return time.Since(began)
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	status, body = ask(t, url)
	if status == 0 {
		t.Fatalf("%s does not answer", url)
	}
	return status, body
}
