package app_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/app"
	"github.com/pulse-social/pulse/services/internal/testbackend"
	"github.com/pulse-social/pulse/services/internal/testwait"
	"github.com/pulse-social/pulse/services/pulsetest"
)

// ask answers what a URL says, and with which status; 0 when nobody answers.
func ask(t *testing.T, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, ""
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// configured makes a process that was not started.
func configured(t *testing.T, env map[string]string) *app.App {
	t.Helper()
	config, _, err := app.LoadConfig(func(name string) (string, bool) { value, ok := env[name]; return value, ok })
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(config, app.Options{LogTo: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// vacant answers an address that nobody listens at.
func vacant(t *testing.T) string {
	t.Helper()
	unused := listener(t)
	if err := unused.Close(); err != nil {
		t.Fatal(err)
	}
	return unused.Addr().String()
}

// A process is ready once it serves, and not before: whoever calls it then is answered.
func TestAProcessThatDoesNotServeIsNeverReady(t *testing.T) {
	t.Parallel()
	taken, ops := listener(t), vacant(t)
	t.Cleanup(func() { _ = taken.Close() })
	env := map[string]string{"PULSE_ADDR": taken.Addr().String(), "PULSE_OPS_ADDR": ops, "PULSE_DATA_DIR": t.TempDir()}
	a := configured(t, env)
	started := make(chan error, 1)
	go func() { started <- a.Start(t.Context()) }()
	for asked := 0; ; asked++ {
		select {
		case err := <-started:
			if err == nil || asked == 0 {
				t.Errorf("the start on a port that is taken ended with %v after %d looks", err, asked)
			}
			return
		default:
		}
		answer, err := http.Get("http://" + ops + "/readyz")
		if err != nil {
			continue
		}
		if _ = answer.Body.Close(); answer.StatusCode == http.StatusOK {
			t.Fatal("the process is ready, and does not serve")
		}
	}
}

// The API and the consumers of a Pulse may be processes of their own, and there may be none of the latter for a while.
func TestTheAPIAndTheConsumersMayBeApart(t *testing.T) {
	t.Parallel()
	p := pulsetest.Start(t, pulsetest.WithEnv("PULSE_WORK", "api"))
	tokens := &pulsetest.Tokens{}
	ada := p.User(t, "ada", pulse.WithTokenStore(tokens))
	write(t, ada.Client, "hello")
	testwait.Until(t, "the event is published", func() bool {
		_, metrics := ask(t, p.App.OpsURL()+"/metrics")
		return strings.Contains(metrics, "pulse_outbox_pending_events") && strings.Contains(metrics, "} 0\n")
	})
	if posts := counts(t, ada.Client, ada.ID).GetPosts(); posts != 0 {
		t.Errorf("%d posts are counted without a consumer", posts)
	}

	p.Setenv("PULSE_WORK", "consumers")
	p.Restart(t, nil)
	if p.URL() != "" {
		t.Errorf("a process that only consumes serves the API at %s", p.URL())
	}
	testwait.Until(t, "the consumers are ready", func() bool { status, _ := ask(t, p.App.OpsURL()+"/readyz"); return status == http.StatusOK })
	p.Settle(t)

	p.Setenv("PULSE_WORK", "api")
	p.Restart(t, nil)
	if posts := counts(t, p.Client(t, pulse.WithTokenStore(tokens)), ada.ID).GetPosts(); posts != 1 {
		t.Errorf("%d posts are counted, want 1", posts)
	}
}

func TestAPartOfTheWorkThatThereIsNotIsRefused(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string]string{
		"PULSE_WORK=worker":        `PULSE_WORK="worker": set all, api or consumers`,
		"PULSE_START_TIMEOUT=-1s":  "PULSE_START_TIMEOUT=-1s: set 0s or more",
		"PULSE_START_TIMEOUT=soon": `PULSE_START_TIMEOUT="soon" is not a duration`,
	} {
		name, value, _ := strings.Cut(variable, "=")
		if err := startWith(t, nil, map[string]string{name: value}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// Something that a start needs is away: the process stays up, says at the operators' port what it waits for, and goes on
// when that is there.
func TestAStartWaitsForABackendThatIsAway(t *testing.T) {
	t.Parallel()
	broker := testbackend.StartNATS(t, 1)
	broker.Stop(0)
	ops := vacant(t)
	env := map[string]string{
		"PULSE_ADDR": "127.0.0.1:0", "PULSE_OPS_ADDR": ops, "PULSE_DATA_DIR": t.TempDir(),
		"PULSE_NATS_URL": broker.URL(), "PULSE_START_TIMEOUT": "1m",
	}
	a := configured(t, env)
	started := make(chan error, 1)
	go func() { started <- a.Start(t.Context()) }()
	testwait.Until(t, "the process says what it waits for", func() bool {
		status, why := ask(t, "http://"+ops+"/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(why, "not ready: PULSE_NATS_URL: cannot reach NATS")
	})
	if status, _ := ask(t, "http://"+ops+"/healthz"); status != http.StatusOK {
		t.Errorf("/healthz answers %d while the start waits", status)
	}

	broker.Start(t, 0)
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	if status, why := ask(t, "http://"+ops+"/readyz"); status != http.StatusOK {
		t.Errorf("/readyz answers %d %s", status, why)
	}
	if err := a.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

// A start that is told to stop does not wait any longer.
func TestAStartThatWaitsCanBeStopped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ops := vacant(t)
	a := configured(t, map[string]string{
		"PULSE_ADDR": "127.0.0.1:0", "PULSE_OPS_ADDR": ops, "PULSE_DATA_DIR": t.TempDir(),
		"PULSE_NATS_URL": "nats://127.0.0.1:1", "PULSE_START_TIMEOUT": "1h",
	})
	started := make(chan error, 1)
	go func() { started <- a.Start(ctx) }()
	testwait.Until(t, "the start waits", func() bool {
		_, why := ask(t, "http://"+ops+"/readyz")
		return strings.Contains(why, "cannot reach NATS")
	})
	cancel()
	if err := <-started; err == nil || !strings.Contains(err.Error(), "cannot reach NATS") {
		t.Errorf("got %v", err)
	}
}
