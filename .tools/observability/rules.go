package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// rules are all of deploy/prometheus/rules.
type rules struct {
	files []string
	all   []rule
}

// A rule records a series, or is an alert.
type rule struct {
	Record, Alert, Expr string
	Labels, Annotations map[string]string
}

// readRules reads all rules.
func readRules(deploy string) (rules, error) {
	files, err := filepath.Glob(filepath.Join(deploy, "prometheus", "rules", "*.yaml"))
	if err != nil {
		return rules{}, err
	}
	r := rules{files: files}
	for _, name := range files {
		var file struct{ Groups []struct{ Rules []rule } }
		if err := readYAML(name, &file); err != nil {
			return r, err
		}
		for _, group := range file.Groups {
			r.all = append(r.all, group.Rules...)
		}
	}
	return r, nil
}

func readYAML(name string, into any) error {
	raw, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// severities are the labels that routes to people are made by.
var severities = []string{"page", "ticket"}

// alerts answers alerts that lack what whoever is woken by them needs, or tests.
func alerts(deploy, _ string) []error {
	r, err := readRules(deploy)
	if err != nil {
		return []error{err}
	}
	tests, err := testsOf(deploy)
	if err != nil {
		return []error{err}
	}
	tried, err := triedAlerts(tests)
	if err != nil {
		return []error{err}
	}
	runbooks, err := os.ReadFile(filepath.Join(deploy, "runbooks.md"))
	if err != nil {
		return []error{err}
	}
	var problems []error
	for _, alert := range r.all {
		if alert.Alert == "" {
			continue
		}
		wrong := func(format string, args ...any) {
			problems = append(problems, fmt.Errorf("alert "+alert.Alert+" "+format, args...))
		}
		if !slices.Contains(severities, alert.Labels["severity"]) {
			wrong("has severity %q: give it one of %v", alert.Labels["severity"], severities)
		}
		for _, name := range []string{"summary", "description"} {
			if alert.Annotations[name] == "" {
				wrong("has no %s: add the annotation", name)
			}
		}
		if !strings.HasSuffix(alert.Annotations["runbook_url"], "/deploy/runbooks.md#"+strings.ToLower(alert.Alert)) {
			wrong("has the runbook_url %q: let it end with /deploy/runbooks.md#%s", alert.Annotations["runbook_url"], strings.ToLower(alert.Alert))
		}
		if !strings.Contains(string(runbooks), "\n## "+alert.Alert+"\n") {
			wrong("has no runbook: add ## %s to deploy/runbooks.md", alert.Alert)
		}
		if !tried[alert.Alert].fires {
			wrong("has no test in which it fires: add one below deploy/prometheus/tests")
		}
		if !tried[alert.Alert].rests {
			wrong("has no test of the healthy case: add one below deploy/prometheus/tests")
		}
	}
	return append(problems, runbookProblems(r, string(runbooks))...)
}

// runbookProblems answers runbooks of no alert.
func runbookProblems(r rules, runbooks string) []error {
	var problems []error
	for _, heading := range regexp.MustCompile(`(?m)^## (.+)$`).FindAllStringSubmatch(runbooks, -1) {
		if !slices.ContainsFunc(r.all, func(alert rule) bool { return alert.Alert == heading[1] }) {
			problems = append(problems, fmt.Errorf("deploy/runbooks.md has %s, which is no alert: remove it", heading[1]))
		}
	}
	return problems
}

// outcomes are what tests expect of an alert.
type outcomes struct{ fires, rests bool }

// triedAlerts answers what the unit tests expect of each alert.
func triedAlerts(tests []string) (map[string]outcomes, error) {
	tried := map[string]outcomes{}
	for _, name := range tests {
		var file struct {
			Tests []struct {
				Alerts []struct {
					Name     string `yaml:"alertname"`
					Expected []any  `yaml:"exp_alerts"`
				} `yaml:"alert_rule_test"`
			}
		}
		if err := readYAML(name, &file); err != nil {
			return nil, err
		}
		for _, test := range file.Tests {
			for _, alert := range test.Alerts {
				o := tried[alert.Name]
				if len(alert.Expected) > 0 {
					o.fires = true
				} else {
					o.rests = true
				}
				tried[alert.Name] = o
			}
		}
	}
	return tried, nil
}
