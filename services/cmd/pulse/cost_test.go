package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pulse-social/pulse/services/internal/bench"
	"github.com/pulse-social/pulse/services/internal/cost"
)

// examples are the files that people start from.
func examples(t *testing.T) (args []string, folder string) {
	t.Helper()
	folder, err := filepath.Abs("../../../deploy")
	if err != nil {
		t.Fatal(err)
	}
	return []string{"cost", "--bench", folder + "/cost/bench.example.json", "--prices", folder + "/cost/prices.example.yaml"}, folder
}

// TestCostReadsWhatBenchWrites has every field that cost reads written by bench, and read again.
func TestCostReadsWhatBenchWrites(t *testing.T) {
	t.Parallel()
	part := func(name string, backend bool) bench.Part {
		return bench.Part{Name: name, Backend: backend, CPUPerRequest: 1, ResidentMiB: 2, KiBPerActivePerson: 3}
	}
	raw, err := json.Marshal(bench.Result{
		Mix: "dsb", Mode: "split", Machine: "a desk", MeasuredAt: time.Unix(1, 0).UTC(), BytesPerAnswer: 4, PostsPerRequest: 5, StoredPerPost: 6, RecordsPerPost: 7,
		Parts: []bench.Part{part("post", false), part("postgres", true), part("redis", true), part("nats", true)},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := cost.ReadMeasurements(raw)
	if err != nil {
		t.Fatal(err)
	}
	value := reflect.ValueOf(got[0])
	for i := range value.NumField() {
		if name := value.Type().Field(i).Name; name != "Errors" && value.Field(i).IsZero() {
			t.Errorf("bench does not write %s", name)
		}
	}
	if want := cost.Part(part("post", false)); got[0].Parts[0] != want {
		t.Errorf("got %+v, want %+v", got[0].Parts[0], want)
	}
}

// TestCost runs the command on the examples in each of its forms.
func TestCost(t *testing.T) {
	t.Parallel()
	args, _ := examples(t)
	p := program{dir: t.TempDir()}
	for _, c := range []struct {
		flags string
		code  int
		want  string
	}{
		{"", 0, "THE PRICES ARE AN EXAMPLE"},
		{"--json", 0, `"total_month":`},
		{"--values", 0, "topology: split\ndeployments:\n  identity:\n    replicas: 2\n"},
		{"--rate home=500;compose=20 --posts-per-day 0 --json", 0, `{"mix":"home","mean_per_second":500,"peak_per_second":1500}`},
		{"--budget 100000", 0, "total"},
		{"--budget 1", 1, "over the budget of 1.00: "},
		{"--rules", 1, "--budget: give what a month may cost"},
		{"--rate celebrity=1", 1, `the mix "celebrity", which the bench result lacks`},
		{"--people=-5", 1, "--people -5: give 1 to 1e+10"},
		{"--peak NaN", 1, "--peak NaN: give 1 to 1000"},
	} {
		out, code := p.run(t, append(append([]string{}, args...), strings.Fields(c.flags)...)...)
		if code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit code %d, want %d, and %q in\n%s", c.flags, code, c.code, c.want, out)
		}
	}
}

// TestCostDocument compares the example in the documentation with what the command prints.
func TestCostDocument(t *testing.T) {
	t.Parallel()
	args, folder := examples(t)
	document, err := os.ReadFile(folder + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	out, code := program{dir: t.TempDir()}.run(t, append(args, "--people", "2000000")...)
	if code != 0 || !strings.Contains(string(document), "\n"+out+"```\n") {
		t.Errorf("exit code %d; deploy/README.md does not show what pulse cost prints:\n%s", code, out)
	}
}

// TestCostRules compares the rules in deploy with what the command writes: the prices stand in one place.
func TestCostRules(t *testing.T) {
	t.Parallel()
	args, folder := examples(t)
	want, err := os.ReadFile(folder + "/prometheus/rules/cost.yaml")
	if err != nil {
		t.Fatal(err)
	}
	out, code := program{dir: t.TempDir()}.run(t, append(args, "--budget", "1000", "--rules")...)
	if code != 0 || out != string(want) {
		t.Errorf("exit code %d; deploy/prometheus/rules/cost.yaml is not what pulse cost writes: run task generate:cost\n%s", code, out)
	}
}
