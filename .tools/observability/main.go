// Command observability checks what watches Pulse: the rules of Prometheus with their unit tests, the runbooks, Grafana's
// dashboards, and the collector's configuration. It needs promtool on the path, and the collector that tools:otelcol
// builds.
//
//	go -C .tools run ./observability ..
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: observability REPOSITORY")
		os.Exit(2)
	}
	problems := check(filepath.Join(os.Args[1], "deploy"), filepath.Join(os.Args[1], ".tools", "bin", "otelcol"))
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, "observability:", p)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
	fmt.Println("rules, runbooks, dashboards and the collector's configuration are right")
}

// A part checks one kind of file below a deploy folder.
type part func(deploy, collector string) []error

// parts are all that is checked.
var parts = []part{scraping, unitTests, alerts, dashboards, collecting}

// check answers all that is wrong below a deploy folder.
func check(deploy, collector string) []error {
	var problems []error
	for _, p := range parts {
		for _, problem := range p(deploy, collector) {
			if problem != nil {
				problems = append(problems, problem)
			}
		}
	}
	return problems
}

// scraping checks the configuration of Prometheus, and the rules that it names.
func scraping(deploy, _ string) []error {
	rules, err := readRules(deploy)
	if err != nil {
		return []error{err}
	}
	return []error{
		run("promtool", "check", "config", filepath.Join(deploy, "prometheus", "prometheus.yml")),
		run("promtool", append([]string{"check", "rules"}, rules.files...)...),
	}
}

// unitTests runs the tests of the rules.
func unitTests(deploy, _ string) []error {
	tests, err := testsOf(deploy)
	if err != nil {
		return []error{err}
	}
	return []error{run("promtool", append([]string{"test", "rules"}, tests...)...)}
}

func testsOf(deploy string) ([]string, error) {
	tests, err := filepath.Glob(filepath.Join(deploy, "prometheus", "tests", "*_test.yaml"))
	if err == nil && len(tests) == 0 {
		err = errors.New("deploy/prometheus/tests holds no tests: put them back")
	}
	return tests, err
}

// collecting checks the configuration of the collector by one.
func collecting(deploy, collector string) []error {
	return []error{run(collector, "validate", "--config", filepath.Join(deploy, "otel", "collector.yaml"))}
}

// run runs a tool, and answers what it says when it fails.
func run(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput() //nolint:noctx // A check has until it is done.
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("%s is missing: apt-get install prometheus", name)
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s is missing: run .tools/task tools:otelcol", name)
	case err != nil:
		return fmt.Errorf("%s %s: %w: %s", filepath.Base(name), strings.Join(args[:2], " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
