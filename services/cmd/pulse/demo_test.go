package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// running is a demo that runs in a test.
type running struct {
	// lines are what it has printed so far.
	lines []string
	stop  context.CancelFunc
	ended <-chan error
}

func environment(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { value, ok := values[name]; return value, ok }
}

// start starts a demo and reads what it prints up to a line that begins so, or to the end.
func start(t *testing.T, c demoCommand, dir, until string) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	printed, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := c.run(ctx, environment(map[string]string{
			"PULSE_ADDR": "127.0.0.1:0", "PULSE_OPS_ADDR": "127.0.0.1:0", "PULSE_DATA_DIR": dir,
		}), out)
		ended <- err
		_ = out.Close()
	}()
	r := &running{stop: stop, ended: ended}
	for lines := bufio.NewScanner(printed); lines.Scan(); {
		r.lines = append(r.lines, lines.Text())
		if strings.HasPrefix(lines.Text(), until) {
			break
		}
	}
	return r
}

// curls are the commands that were printed.
func (r *running) curls() []string {
	var found []string
	for _, line := range r.lines {
		if strings.HasPrefix(line, "curl ") {
			found = append(found, line)
		}
	}
	return found
}

// answer is what the printed commands may answer.
type answer struct {
	Posts []struct{ Text string }
	Post  struct{ Text string }
}

// shell runs a command as it was printed.
func shell(t *testing.T, command string) answer {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "sh", "-c", command+" --fail-with-body").CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return a
}

func TestDemo(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("the test needs curl, to run what the demo prints")
	}
	dir := filepath.Join(t.TempDir(), "demo")
	c := demoCommand{People: 5, NoServe: true}

	filled := start(t, c, dir, "never")
	if err := <-filled.ended; err != nil {
		t.Fatal(err)
	}
	if len(filled.curls()) != 3 || !strings.Contains(strings.Join(filled.lines, "\n"), "PULSE_DATA_DIR="+dir+" pulse serve") {
		t.Errorf("printed %q", filled.lines)
	}

	c.NoServe = false
	served := start(t, c, dir, "Stop it")
	curls := served.curls()
	if len(curls) != 3 {
		t.Fatalf("printed %q", served.lines)
	}
	if a := shell(t, curls[0]); len(a.Posts) != 3 {
		t.Errorf("timeline is %v", a)
	}
	if a := shell(t, curls[1]); len(a.Posts) != 3 {
		t.Errorf("home timeline is %v", a)
	}
	post := shell(t, curls[2]).Post.Text
	if home := shell(t, curls[1]); post == "" || home.Posts[0].Text != post || home.Posts[1].Text == post {
		t.Errorf("posted %q, home timeline is %v", post, home)
	}
	served.stop()
	if err := <-served.ended; err != nil {
		t.Error(err)
	}
}

func TestDemoRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		people int
		env    map[string]string
		want   string
	}{
		"a database elsewhere": {40, map[string]string{"PULSE_DATABASE_URL": "postgres://db/pulse"}, "PULSE_DATABASE_URL is set, but a demo embeds everything: unset it, or use pulse serve and pulse seed"},
		"a NATS elsewhere":     {40, map[string]string{"PULSE_NATS_URL": "nats://nats:4222"}, "PULSE_NATS_URL is set, but a demo embeds everything: unset it, or use pulse serve and pulse seed"},
		"a Redis elsewhere":    {40, map[string]string{"PULSE_REDIS_URL": "redis://redis:6379"}, "PULSE_REDIS_URL is set, but a demo embeds everything: unset it, or use pulse serve and pulse seed"},
		"too few people":       {4, nil, "--people 4: give 5 to 1000"},
		"a wrong setting":      {40, map[string]string{"PULSE_LOG_LEVEL": "loud"}, `PULSE_LOG_LEVEL="loud": set debug, info, warn or error`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := demoCommand{People: c.people, NoServe: true}.run(t.Context(), environment(c.env), io.Discard)
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestDemoDefaults(t *testing.T) {
	t.Parallel()
	config, err := demoConfig(environment(nil))
	if err != nil || config.Store.DataDir != "pulse-demo" || config.Telemetry.LogLevel != "warn" || config.Telemetry.LogFormat != "text" {
		t.Errorf("got %+v, %v", config, err)
	}
	config, err = demoConfig(environment(map[string]string{"PULSE_DATA_DIR": "elsewhere", "PULSE_LOG_LEVEL": "debug"}))
	if err != nil || config.Store.DataDir != "elsewhere" || config.Telemetry.LogLevel != "debug" {
		t.Errorf("got %+v, %v", config, err)
	}
}
