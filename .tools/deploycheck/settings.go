package deploycheck

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Pictures are arguments of helm that say where pictures are kept.
var Pictures = []string{"--set", "media.url=s3://pulse?region=eu-central-1"}

// Existing are arguments of helm that name a Secret, for values that say nothing about backends and pictures.
var Existing = append([]string{"--set", "secret.existing=pulse-backends"}, Pictures...)

// Everything are arguments of helm that turn on what no values file does.
var Everything = []string{
	"--set", "workers.enabled=true,keda.enabled=true,keda.monitoringEndpoint=nats.nats:8222",
	"--set", "istio.enabled=true,istio.ingress.enabled=true,istio.ingress.gateway=istio-system/public,istio.ingress.hostname=pulse.example.org",
	"--set", "gateway.enabled=true,gateway.create=true,gateway.className=eg,gateway.tlsSecret=tls,gateway.hostname=pulse.example.org",
	"--set", "gateway.grpc.enabled=true,gateway.grpc.hostname=grpc.example.org",
	"--set", "api.autoscaling.enabled=true,api.autoscaling.requestRate.enabled=true,api.autoscaling.openStreams.enabled=true",
	"--set", "quota.enabled=true,telemetry.otlp.enabled=true,migration.roles=true",
	"--set", "identity.publicURL=https://app.example.org,identity.mailFrom=pulse@example.org,identity.secret.existing=pulse-identity",
	"--set", "identity.secret.keys.signInProviders=providers,identity.secret.keys.sealKeys=seal-keys",
	"--set", "identity.apiURL=https://api.example.org,identity.signingKeyLife=720h,realtime.keep=48h,notification.keep=720h",
	"--set", "notification.pushContact=mailto:operator@example.org,notification.secret.existing=pulse-notification",
	"--set", "media.presign=true,media.credentialsSecret=pulse-media,media.podLabels.pictures=kept,media.serviceAccountAnnotations.pictures=kept",
	"--set-json", `networkPolicies.cloudIdentity.to=[{"ipBlock":{"cidr":"169.254.169.254/32"}}]`,
	"--set", "monitoring.serviceMonitor.enabled=true,monitoring.rules.enabled=true,monitoring.dashboards.enabled=true",
}

// Settings are the ways to install the chart that are checked, by name, as arguments of helm: each values file, and what
// they leave out.
func Settings(chart string) (map[string][]string, error) {
	files, err := filepath.Glob(filepath.Join(chart, "values-*.yaml"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("%s has no values files", chart)
	}
	names, err := serviceNames(filepath.Join(chart, "files", "layout.json"))
	if err != nil {
		return nil, err
	}
	with := func(args ...string) []string { return append(args, Existing...) }
	all := map[string][]string{
		"defaults":       Existing,
		"everything":     append(slices.Clone(Existing), Everything...),
		"single":         with("--set", "topology=single,ingress.enabled=true,ingress.className=nginx,ingress.hostname=pulse.example.org"),
		"groups":         with("--set", Groups(names, "reads", "timeline", "post"), "--set", "deployments.reads.replicas=5"),
		"claim":          {"--set", "secret.existing=pulse-backends,media.existingClaim=pictures,workers.enabled=true"},
		"created secret": append([]string{"--set", "secret.databaseURL=postgres://pulse@db/pulse,secret.redisURL=redis://redis:6379,secret.natsURL=nats://nats:4222"}, Pictures...),
		"external secret": append([]string{
			"--set", "secret.external.enabled=true,secret.external.store.name=vault",
			"--set", "secret.external.databaseURL=pulse/database,secret.external.redisURL=pulse/redis,secret.external.natsURL=pulse/nats",
		}, Pictures...),
	}
	for _, file := range files {
		all[filepath.Base(file)] = []string{"--values", file}
	}
	return all, nil
}

// Groups is the value of --set for two groups: one of the services named, and "rest" of all others.
func Groups(names []string, group string, services ...string) string {
	rest := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(services, name) })
	return fmt.Sprintf("topology=groups,groups.%s={%s},groups.rest={%s}", group, strings.Join(services, ","), strings.Join(rest, ","))
}

// serviceNames are the services of a layout, in its order.
func serviceNames(layout string) ([]string, error) {
	raw, err := os.ReadFile(layout)
	if err != nil {
		return nil, err
	}
	var l struct{ Services []struct{ Name string } }
	if err := json.Unmarshal(raw, &l); err != nil {
		return nil, fmt.Errorf("%s: %w", layout, err)
	}
	names := make([]string, len(l.Services))
	for i, s := range l.Services {
		names[i] = s.Name
	}
	return names, nil
}
