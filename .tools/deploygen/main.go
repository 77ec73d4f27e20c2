// Command deploygen writes what is generated below deploy from deploy/layout.json, which says what services, RPCs and
// consumers there are: a service that is added appears in every target without being remembered.
//
//	go -C .tools run ./deploygen ..
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// targets are the generated files, by path below deploy, each with what writes it.
var targets = map[string]func(layout) ([]byte, error){
	"compose/logins.sql":               filled("logins.sql", composeLogins),
	"compose/services.yaml":            filled("services.yaml", composeServices),
	"grafana/dashboards/backends.json": written("backends", "backends", "The database, Redis, the broker and the caches.", backends),
	"grafana/dashboards/cost.json":     written("cost", "cost", "CPU and memory of each service.", cost),
	"grafana/dashboards/events.json":   written("events", "events", "The outbox, the relay and each consumer.", events),
	"grafana/dashboards/overview.json": written("overview", "overview", "Whether people are served.", overview),
	"grafana/dashboards/pictures.json": written("pictures", "pictures", "Uploads, deliveries and the storage of pictures.", pictures),
	"grafana/dashboards/services.json": written("services", "services", "Rate, errors and duration of each service's RPCs.", services),
	"grafana/dashboards/streams.json":  written("streams", "streams", "What reaches people who are connected, and those who are not.", streams),
	"haproxy/haproxy.cfg":              haproxyConfig,
	"helm/pulse/files/layout.json":     chartLayout,
	"kong/kong.yaml":                   kongConfig,
	"prometheus/prometheus.yml":        prometheusConfig,
	"prometheus/rules/slo.yaml":        sloRules,
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: deploygen REPOSITORY")
		os.Exit(2)
	}
	if err := run(filepath.Join(os.Args[1], "deploy")); err != nil {
		fmt.Fprintln(os.Stderr, "deploygen:", err)
		os.Exit(1)
	}
}

// run writes all targets below a folder.
func run(deploy string) error {
	raw, err := os.ReadFile(filepath.Join(deploy, "layout.json"))
	if err != nil {
		return err
	}
	var l layout
	if err := json.Unmarshal(raw, &l); err != nil {
		return fmt.Errorf("layout.json: %w", err)
	}
	for name, write := range targets {
		content, err := write(l)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		path := filepath.Join(deploy, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return copyChartFiles(deploy)
}
