package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// dashboards answers queries that are no PromQL, or ask for what is not there.
func dashboards(deploy, _ string) []error {
	r, err := readRules(deploy)
	if err != nil {
		return []error{err}
	}
	known, err := knownMetrics(deploy, r)
	if err != nil {
		return []error{err}
	}
	sources, err := dataSources(deploy)
	if err != nil {
		return []error{err}
	}
	files, err := filepath.Glob(filepath.Join(deploy, "grafana", "dashboards", "*.json"))
	if err != nil || len(files) == 0 {
		return []error{errors.New("deploy/grafana/dashboards holds no dashboards: run .tools/deploy.sh")}
	}
	var problems []error
	var groups []group
	for _, name := range files {
		panels, err := panelsOf(name)
		if err != nil {
			return []error{err}
		}
		for _, p := range panels {
			where := filepath.Base(name) + ": " + p.Title
			if p.Source != "" && !slices.Contains(sources, p.Source) {
				problems = append(problems, fmt.Errorf("%s asks the data source %q: use one of %v", where, p.Source, sources))
			}
			for _, expr := range p.Queries {
				problems = append(problems, unknown(where, expr, known)...)
			}
			if len(p.Queries) > 0 {
				groups = append(groups, asRules(where, len(groups)+1, p.Queries))
			}
		}
	}
	problems = append(problems, parse(groups))
	for _, rule := range r.all {
		problems = append(problems, unknown("rule "+rule.Record+rule.Alert, rule.Expr, known)...)
	}
	return problems
}

// A panel is what a dashboard asks.
type panel struct {
	Title, Source string
	Queries       []string
}

// panelsOf answers the panels of a dashboard, those in rows included.
func panelsOf(name string) ([]panel, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	type graph struct {
		Title      string
		Datasource struct{ UID string }
		Targets    []struct{ Expr string }
	}
	var board struct {
		Panels []struct {
			graph
			Panels []graph
		}
	}
	if err := json.Unmarshal(raw, &board); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var panels []panel
	for _, p := range board.Panels {
		for _, g := range append(p.Panels, p.graph) {
			found := panel{Title: g.Title, Source: g.Datasource.UID}
			for _, t := range g.Targets {
				found.Queries = append(found.Queries, strings.ReplaceAll(t.Expr, "$__rate_interval", "5m"))
			}
			panels = append(panels, found)
		}
	}
	return panels, nil
}

// A group is queries as promtool reads rules.
type group struct {
	Name  string     `yaml:"name"`
	Rules []recorded `yaml:"rules"`
}

type recorded struct {
	Record string `yaml:"record"`
	Expr   string `yaml:"expr"`
}

// asRules are a panel's queries as rules.
func asRules(where string, n int, queries []string) group {
	g := group{Name: fmt.Sprintf("%s (panel %d)", where, n)}
	for i, q := range queries {
		g.Rules = append(g.Rules, recorded{fmt.Sprintf("panel:query:%d", i), q})
	}
	return g
}

// parse has promtool parse queries, as rules.
func parse(groups []group) error {
	raw, err := yaml.Marshal(map[string]any{"groups": groups})
	if err != nil {
		return err
	}
	file, err := os.CreateTemp("", "panels-*.yaml")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	if _, err := file.Write(raw); err != nil {
		return err
	}
	return errors.Join(file.Close(), run("promtool", "check", "rules", file.Name()))
}

// listed are the metrics of the reference: | `name` | type |.
var listed = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (counter|gauge|histogram) \\|")

// knownMetrics answers the names that queries may ask for: those that the reference lists and test:observability sees
// exposed, and those that rules record.
func knownMetrics(deploy string, r rules) (map[string]bool, error) {
	raw, err := os.ReadFile(filepath.Join(deploy, "README.md"))
	if err != nil {
		return nil, err
	}
	known := map[string]bool{"up": true} // Prometheus' own.
	for _, metric := range listed.FindAllStringSubmatch(string(raw), -1) {
		if metric[2] != "histogram" {
			known[metric[1]] = true
			continue
		}
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			known[metric[1]+suffix] = true
		}
	}
	for _, rule := range r.all {
		if rule.Record != "" {
			known[rule.Record] = true
		}
	}
	return known, nil
}

var (
	// beside is what of a query holds no names of metrics: strings, matchers, windows, and the labels of clauses.
	beside = regexp.MustCompile(`"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)`)
	// word is a name, and a parenthesis if it is a function.
	word = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*\s*\(?`)
)

var operators = []string{"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "group_left", "group_right"}

// unknown answers the metrics of a query that are not known.
func unknown(where, expr string, known map[string]bool) []error {
	var problems []error
	for _, name := range word.FindAllString(beside.ReplaceAllString(stripStrings(expr), " "), -1) {
		name = strings.TrimSpace(name)
		if strings.HasSuffix(name, "(") || slices.Contains(operators, name) || known[name] {
			continue
		}
		problems = append(problems, fmt.Errorf("%s asks for %s, which neither the table of metrics in deploy/README.md nor a rule has: check the name", where, name))
	}
	return problems
}

var quoted = regexp.MustCompile(`"[^"]*"`)

// stripStrings empties the strings of a query, for they may hold braces.
func stripStrings(expr string) string { return quoted.ReplaceAllString(expr, `""`) }

// dataSources answers the uids of the data sources that Grafana is set up with.
func dataSources(deploy string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(deploy, "grafana", "provisioning", "datasources", "*.yaml"))
	if err != nil {
		return nil, err
	}
	var uids []string
	for _, name := range files {
		var file struct{ Datasources []struct{ UID string } }
		if err := readYAML(name, &file); err != nil {
			return nil, err
		}
		for _, s := range file.Datasources {
			uids = append(uids, s.UID)
		}
	}
	return uids, nil
}
