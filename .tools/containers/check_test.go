package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// deploy is the repository's own.
var deploy = filepath.Join("..", "..", "deploy")

// plant copies what is checked, changes one file, and answers the copy.
func plant(t *testing.T, file, what, by string) string {
	t.Helper()
	copied := t.TempDir()
	for _, folder := range []string{"docker", "compose"} {
		if err := os.CopyFS(filepath.Join(copied, folder), os.DirFS(filepath.Join(deploy, folder))); err != nil {
			t.Fatal(err)
		}
	}
	// Everything that is mounted is there.
	for _, mounted := range []string{"haproxy", "kong", "prometheus", "grafana/provisioning", "grafana/dashboards", "otel"} {
		if err := os.MkdirAll(filepath.Join(copied, mounted), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(copied, "haproxy", "haproxy.cfg"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(copied, file)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), what) {
		t.Fatalf("%s holds no %q to plant an error at", file, what)
	}
	changed := strings.Replace(string(raw), what, by, 1)
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	return copied
}

// TestCheckFindsNothing keeps the planted errors below from being found for another reason.
func TestCheckFindsNothing(t *testing.T) {
	findings, err := check(t.Context(), plant(t, "compose/.env", "", ""))
	if err != nil || len(findings) > 0 {
		t.Errorf("got %v, %q, want nothing", err, findings)
	}
}

// TestCheckFindsWhatIsPlanted plants an error of each kind.
func TestCheckFindsWhatIsPlanted(t *testing.T) {
	const dockerfile, backends, services, compose = "docker/Dockerfile", "compose/backends.yaml", "compose/services.yaml", "compose/compose.yaml"
	for name, c := range map[string]struct{ file, what, by, want string }{
		"unknown instruction": {dockerfile, "WORKDIR /src", "WORKDIRS /src", "unknown instruction: WORKDIRS"},
		"linter":              {dockerfile, "AS build", "as build", "FromAsCasing"},
		"undefined variable":  {dockerfile, "COPY --from=build /image/ /", "COPY --from=build /image/ $NOWHERE/", "UndefinedVar"},
		"secret in the image": {dockerfile, "ARG REVISION=", "ARG API_TOKEN=", "SecretsUsedInArgOrEnv"},
		"syntax line":         {dockerfile, "# Pulse's image", "# syntax=docker/dockerfile:1\n# Pulse's image", "a syntax line has every build fetch"},
		"base image":          {dockerfile, "FROM scratch", "FROM debian:bookworm-slim", "build it on scratch"},
		"root":                {dockerfile, "USER 65532:65532", "USER root", `the image runs as "root"`},
		"no healthcheck":      {dockerfile, "HEALTHCHECK ", "# HEALTHCHECK ", "the image has no HEALTHCHECK"},

		"typo":           {backends, "stop_grace_period", "stop_grace_priod", "stop_grace_priod"},
		"undefined":      {services, "networks: [backend]", "networks: [backends]", "undefined network backends"},
		"unset variable": {"compose/.env", "REDIS_IMAGE=", "REDIS=", `service "redis" has neither an image`},
		"not pinned":     {"compose/.env", "NATS_IMAGE=nats:2.15-alpine", "NATS_IMAGE=nats:latest", `service nats: image "nats:latest" names no version`},
		"no restart":     {compose, "restart: unless-stopped", `restart: "no"`, "it stays down after a crash"},
		"restarting job": {services, `restart: "no"`, "restart: always", "service pulse-migrate: a job has to end"},
		"no limits":      {backends, "memory: 1G, ", "", "service postgres: its limits are not complete"},
		"unwatched":      {backends, "test: [CMD, redis-cli, ping]", "disable: true", "service redis: it has no healthcheck"},
		"writable root":  {services, "read_only: true", "read_only: false", "its root can be written"},
		"capabilities":   {compose, "cap_drop: [ALL]", "cap_drop: [NET_RAW]", "it has capabilities"},
		"privileges":     {backends, "no-new-privileges:true", "no-new-privileges:false", "it may gain privileges"},
		"exposed": {
			backends, "networks: [gateway]", "networks: [gateway, backend]",
			"it publishes a port and is in the internal network",
		},
		"password":      {backends, "POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password", "POSTGRES_PASSWORD: pulse", "POSTGRES_PASSWORD holds a secret"},
		"URL":           {services, "redis://redis:6379", "redis://:pulse@redis:6379", "PULSE_REDIS_URL holds a secret"},
		"missing mount": {compose, "source: ../otel,", "source: ../otell,", "otell is not there"},
		"writing mount": {compose, "target: /etc/otel, read_only: true", "target: /etc/otel", "service otel-collector: it may write to"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			findings, err := check(t.Context(), plant(t, c.file, c.what, c.by))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(strings.Join(findings, "\n"), c.want) {
				t.Errorf("got %q, want %s", findings, c.want)
			}
		})
	}
}
