package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// TestBench runs the smallest measurement that there is. What it measures is not looked at: tests share the machine.
func TestBench(t *testing.T) {
	t.Parallel()
	var out, messages bytes.Buffer
	c := program{dir: t.TempDir()}.command(t.Context(), "bench", "--mix", "home,celebrity", "--rate", "40", "--duration", "1s", "--json",
		"--people", "40", "--readers", "12", "--friends", "4", "--celebrities", "2", "--fans", "30", "--posts", "5")
	c.Stdout, c.Stderr = &out, &messages
	if err := c.Run(); err != nil {
		t.Fatalf("%v: %s", err, messages.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("got %s, want a line for each mix", out.String())
	}
	for i, mix := range []string{"home", "celebrity"} {
		var got map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &got); err != nil {
			t.Fatal(err)
		}
		if got["mix"] != mix || got["requests"] != 40.0 || got["errors"] != 0.0 {
			t.Errorf("got %s, want 40 requests of %s without an error", lines[i], mix)
		}
		for _, key := range []string{"p50_ms", "p99_ms", "p999_ms", "visible_p99_ms"} {
			if v, ok := got[key].(float64); !ok || v <= 0 {
				t.Errorf("%s is %v, want a time", key, got[key])
			}
		}
		if parts, ok := got["parts"].([]any); !ok || len(parts) != 1 || parts[0].(map[string]any)["name"] != "pulse" {
			t.Errorf("parts are %v, want the one process", got["parts"])
		}
		if left, ok := got["record_byte_days_per_post"].(float64); !ok || (left > 0) != (mix == "celebrity") {
			t.Errorf("%s leaves %v in the database, want something of posts alone", mix, got["record_byte_days_per_post"])
		}
		for _, key := range []string{"rate", "cpu_us_per_request", "yardstick_cpu_us_per_request", "ratio"} {
			if _, ok := got[key].(float64); !ok {
				t.Errorf("%s is %v, want a number", key, got[key])
			}
		}
	}
}

// TestBenchOfTelemetry runs the smallest comparison. What it finds is not looked at, but for both sides to be there.
func TestBenchOfTelemetry(t *testing.T) {
	t.Parallel()
	out, code := program{dir: t.TempDir()}.run(t, "bench", "--mix", "home", "--rate", "40", "--duration", "1s", "--json", "--telemetry", "1",
		"--people", "40", "--readers", "12", "--friends", "4", "--posts", "5")
	var got struct {
		Mix     string
		Without float64 `json:"cpu_us_per_request_without"`
		With    float64 `json:"cpu_us_per_request_with"`
	}
	_, line, _ := strings.Cut(out, "{")
	if err := json.NewDecoder(strings.NewReader("{" + line)).Decode(&got); err != nil {
		t.Fatalf("exit code %d, %s: %v", code, out, err)
	}
	if got.Mix != "home" || got.Without <= 0 || got.With <= 0 {
		t.Errorf("got %s, want the CPU of both sides", out)
	}
}

func TestBenchRefuses(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--people 1":                         "1 people: give 2 to 1,000,000",
		"--friends 3":                        "3 friends: give an even number below that of people",
		"--readers 500":                      "--readers 500: give 2 to as many as there are people who are no celebrities",
		"--celebrities 2 --fans 500":         "500 fans: give fewer than there are people to be fans",
		"--telemetry 3 --addr http://a":      "--telemetry 3: give a number of rounds, and no --addr",
		"--duration 1ms":                     "--duration 1ms: give a second or more",
		"--mix homes --people 9 --friends 2": "--readers 200",
	} {
		out, code := program{dir: t.TempDir()}.run(t, append([]string{"bench"}, strings.Fields(args)...)...)
		if code == 0 || !strings.Contains(out, want) {
			t.Errorf("%s: exit code %d, %s, want %q", args, code, out, want)
		}
	}
}

// TestBenchOfAPulseThatRuns measures one twice: the second time its people are there.
func TestBenchOfAPulseThatRuns(t *testing.T) {
	t.Parallel()
	p := program{dir: t.TempDir()}
	url, stop := p.serve(t)
	for range 2 {
		out, code := p.run(t, "bench", "--addr", url, "--mix", "home", "--rate", "40", "--duration", "1s",
			"--people", "10", "--readers", "6", "--friends", "4", "--posts", "2")
		if code != 0 || !strings.Contains(out, "a Pulse that ran at "+url) || !strings.Contains(out, "name them with --servers") {
			t.Errorf("exit code %d, %s", code, out)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
