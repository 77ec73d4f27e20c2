// Command server submits what the Helm chart renders to a real API server, which it starts with an etcd of its own on
// loopback: a dry run with strict validation, the custom resources' definitions installed, in a namespace that enforces
// restricted pod security.
//
//	go -C .tools run ./deploycheck/server --apiserver PATH [--etcd PATH]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"

	"github.com/pulse-social/pulse/tools/deploycheck"
)

const (
	chart     = "../deploy/helm/pulse"
	helm      = "bin/helm"
	namespace = "pulse"
)

func main() {
	apiserver := flag.String("apiserver", os.Getenv("KUBE_APISERVER"), "kube-apiserver to start")
	etcd := flag.String("etcd", "etcd", "etcd to start")
	flag.Parse()
	if *apiserver == "" {
		fmt.Fprintln(os.Stderr, "deploycheck: no API server: set KUBE_APISERVER to a kube-apiserver")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := check(ctx, *apiserver, *etcd); err != nil {
		fmt.Fprintln(os.Stderr, "deploycheck:", err)
		stop()
		os.Exit(1)
	}
}

func check(ctx context.Context, apiserver, etcd string) error {
	s, err := start(ctx, apiserver, etcd)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := s.prepare(ctx); err != nil {
		return err
	}
	settings, err := deploycheck.Settings(chart)
	if err != nil {
		return err
	}
	var refused []string
	for name, args := range settings {
		objects, err := render(ctx, args)
		if err != nil {
			return err
		}
		for _, o := range objects {
			if complaint := s.dryRun(ctx, o); complaint != "" {
				refused = append(refused, fmt.Sprintf("%s: %s: %s", name, id(o), complaint))
			}
		}
		fmt.Printf("%-22s %3d objects\n", name, len(objects))
	}
	refused = append(refused, s.plant(ctx)...)
	if len(refused) > 0 {
		slices.Sort(refused)
		return fmt.Errorf("the API server refuses or warns:\n  %s", strings.Join(refused, "\n  "))
	}
	fmt.Println("the API server takes all of it, and refuses what was planted")
	return nil
}

type object = deploycheck.Object

func render(ctx context.Context, args []string) ([]object, error) {
	args = append([]string{"template", "pulse", chart, "--namespace", namespace, "--kube-version", "1.37.0"}, args...)
	out, err := exec.CommandContext(ctx, helm, args...).Output()
	if err != nil {
		return nil, fmt.Errorf("helm %s: %w: run .tools/task tools:helm", strings.Join(args, " "), err)
	}
	return deploycheck.Documents(out)
}

// plant submits what must be refused, and answers what was not.
func (s *server) plant(ctx context.Context) []string {
	var taken []string
	for want, o := range map[string]object{
		"violates PodSecurity": {
			"apiVersion": "v1", "kind": "Pod", "metadata": object{"name": "planted"},
			"spec": object{"containers": []any{object{"name": "a", "image": "a"}}},
		},
		".dat: field not declared": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": object{"name": "planted"}, "dat": object{"a": "b"}},
		".spec.backend: field not declared": {
			"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": object{"name": "planted"}, "spec": object{"backend": "a"},
		},
	} {
		if complaint := s.dryRun(ctx, o); !strings.Contains(complaint, want) {
			taken = append(taken, fmt.Sprintf("planted: %s: wanted %q, got %q", id(o), want, complaint))
		}
	}
	return taken
}

func id(o object) string { return fmt.Sprint(o["kind"], " ", o["metadata"].(object)["name"]) }
