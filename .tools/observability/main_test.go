package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	deployFolder = "../../deploy"
	collector    = "../bin/otelcol"
)

// Each kind of error that a hand may make is found, and named.
func TestPlantedErrorsAreFound(t *testing.T) {
	t.Parallel()
	const rulesFile, testsFile, boardFile = "prometheus/rules/alerts.yaml", "prometheus/tests/alerts_test.yaml", "grafana/dashboards/overview.json"
	for name, planted := range map[string]struct {
		by                   part
		file, old, new, want string
	}{
		"a rule that is no PromQL":          {scraping, rulesFile, "expr: pulse_redis_up == 0", "expr: pulse_redis_up == (0", "promtool check rules"},
		"a rule that never fires":           {unitTests, rulesFile, "expr: pulse_redis_up == 0", "expr: pulse_redis_up == 2", "promtool test rules"},
		"a rule that always fires":          {unitTests, rulesFile, "expr: pulse_redis_up == 0", "expr: pulse_redis_up >= 0", "promtool test rules"},
		"an alert without a test":           {alerts, testsFile, "alertname: PulseRedisDown", "alertname: PulseNATSDown", "PulseRedisDown has no test in which it fires"},
		"an alert without a severity":       {alerts, rulesFile, "severity: page", "severity: loud", `has severity "loud"`},
		"an alert without a summary":        {alerts, rulesFile, "summary: \"No process", "title: \"No process", "PulseAllProcessesDown has no summary"},
		"an alert without a runbook":        {alerts, "runbooks.md", "## PulseRedisDown\n", "## Redis\n", "PulseRedisDown has no runbook"},
		"a runbook without an alert":        {alerts, "runbooks.md", "## PulseRedisDown\n", "## PulseTired\n\n## PulseRedisDown\n", "PulseTired, which is no alert"},
		"a link to another runbook":         {alerts, rulesFile, "runbooks.md#pulseredisdown", "runbooks.md#pulsenatsdown", "PulseRedisDown has the runbook_url"},
		"a rule about an unknown metric":    {dashboards, rulesFile, "expr: pulse_redis_up == 0", "expr: pulse_redis_upp == 0", "rule PulseRedisDown asks for pulse_redis_upp"},
		"a panel about an unknown metric":   {dashboards, boardFile, "sum(rpc_server_active_requests)", "sum(rpc_server_active)", "overview.json: In flight asks for rpc_server_active,"},
		"a panel that is no PromQL":         {dashboards, boardFile, "sum(rpc_server_active_requests)", "sum(rpc_server_active_requests", "overview.json: In flight (panel"},
		"a panel of another data source":    {dashboards, boardFile, `"uid": "prometheus"`, `"uid": "mimir"`, `asks the data source "mimir"`},
		"a scrape configuration with typos": {scraping, "prometheus/prometheus.yml", "dns_sd_configs:", "dns_sd_config:", "promtool check config"},
		"a collector's typo":                {collecting, "otel/collector.yaml", "send_batch_size:", "send_batch_sise:", "send_batch_sise"},
		"a collector's missing part":        {collecting, "otel/collector.yaml", "exporters: [otlp_grpc/jaeger]", "exporters: [otlp_grpc/tempo]", "otlp_grpc/tempo"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			copied := t.TempDir()
			if err := os.CopyFS(copied, os.DirFS(deployFolder)); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(copied, planted.file)
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(raw), planted.old) {
				t.Fatalf("%s has no %q to be broken", planted.file, planted.old)
			}
			if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(raw), planted.old, planted.new)), 0o600); err != nil {
				t.Fatal(err)
			}
			var found []string
			for _, problem := range planted.by(copied, collector) {
				if problem != nil {
					found = append(found, problem.Error())
				}
			}
			if all := strings.Join(found, "\n"); !strings.Contains(all, planted.want) {
				t.Errorf("found %q, want %q", all, planted.want)
			}
		})
	}
}
