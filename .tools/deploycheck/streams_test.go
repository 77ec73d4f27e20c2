package deploycheck_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulse-social/pulse/tools/deploycheck"
)

// streaming are the services that keep streams open; without one these tests would say nothing.
func streaming(t *testing.T) []service {
	t.Helper()
	all, _ := services(t)
	found := slices.DeleteFunc(all, func(s service) bool { return len(s.streams()) == 0 })
	if len(found) == 0 {
		t.Fatal("no service of the layout streams")
	}
	return found
}

// The Gateway API's routes put no limit on streams, and one on all other calls.
func TestTheGatewayLimitsCallsAndNotStreams(t *testing.T) {
	t.Parallel()
	all, _ := services(t)
	objects := rendered(t, append(slices.Clone(deploycheck.Existing), deploycheck.Everything...)...)
	for _, s := range all {
		route := named(t, objects, "HTTPRoute", "pulse-"+s.Name)
		for _, call := range s.RPCs {
			if limit := requestLimit(route, call.Procedure); (limit == "0s") != call.Streams || limit == "" {
				t.Errorf("%s may take %q, stream %t", call.Procedure, limit, call.Streams)
			}
		}
	}
	one := append(slices.Clone(deploycheck.Existing), "--set", "haproxy.enabled=true,gateway.enabled=true,gateway.parentRefs[0].name=public")
	for _, s := range streaming(t) {
		for _, procedure := range s.streams() {
			if limit := requestLimit(named(t, rendered(t, one...), "HTTPRoute", "pulse"), procedure); limit != "0s" {
				t.Errorf("before the chart's own gateway %s may take %q, want no limit", procedure, limit)
			}
		}
	}
}

// requestLimit is the limit of the rule that takes a path: an exact match goes before the longest prefix.
func requestLimit(route object, path string) string {
	limit, longest := "", -1
	for _, rule := range at(route, "spec", "rules").([]any) {
		matches, _ := at(rule, "matches").([]any)
		for _, match := range matches {
			value := at(match, "path", "value").(string)
			exact := at(match, "path", "type") == "Exact" && path == value
			prefix := at(match, "path", "type") == "PathPrefix" && strings.HasPrefix(path, value+"/")
			weight := len(value)
			if exact {
				weight += len(path)
			}
			if (exact || prefix) && weight > longest {
				limit, longest = fmt.Sprint(at(rule, "timeouts", "request")), weight
			}
		}
	}
	return limit
}

// The mesh neither ends streams nor repeats them, whether they come from inside or from outside, and lets there be many.
func TestTheMeshLeavesStreamsAlone(t *testing.T) {
	t.Parallel()
	objects := rendered(t, append(slices.Clone(deploycheck.Existing), deploycheck.Everything...)...)
	for _, s := range streaming(t) {
		for _, name := range []string{"pulse-" + s.Name, "pulse"} {
			routes := at(named(t, objects, "VirtualService", name), "spec", "http").([]any)
			for _, procedure := range s.streams() {
				first := firstRoute(t, routes, procedure)
				if at(first, "timeout") != "0s" || at(first, "retries", "attempts") != 0 {
					t.Errorf("%s by %s: timeout %v, %v attempts", procedure, name, at(first, "timeout"), at(first, "retries", "attempts"))
				}
			}
		}
		const enough = 10_000
		if most := at(named(t, objects, "DestinationRule", "pulse-"+s.Name), "spec", "trafficPolicy", "connectionPool", "http", "http2MaxRequests"); most.(int) < enough {
			t.Errorf("a gateway may have %v calls open to %s, streams included", most, s.Name)
		}
	}
}

// firstRoute is the route of a VirtualService that takes a path.
func firstRoute(t *testing.T, routes []any, path string) any {
	t.Helper()
	for _, route := range routes {
		matches, _ := at(route, "match").([]any)
		takes := func(m any) bool {
			prefix, _ := at(m, "uri", "prefix").(string)
			return at(m, "uri", "exact") == path || prefix != "" && strings.HasPrefix(path, prefix)
		}
		if matches == nil || slices.ContainsFunc(matches, takes) {
			return route
		}
	}
	t.Fatalf("no route takes %s", path)
	return nil
}

// Pods that keep streams open are scaled by them, and have the memory for as many as one is to have. Their worker is always there.
func TestPodsWithStreamsScaleByThem(t *testing.T) {
	t.Parallel()
	all, _ := services(t)
	objects := rendered(t, append(slices.Clone(deploycheck.Existing), deploycheck.Everything...)...)
	for _, s := range all {
		metrics := at(named(t, objects, "HorizontalPodAutoscaler", "pulse-"+s.Name), "spec", "metrics").([]any)
		scales := slices.ContainsFunc(metrics, func(m any) bool {
			return at(m, "pods", "metric", "name") == "pulse_streams_open" && at(m, "pods", "target", "averageValue") == "2000"
		})
		if want := len(s.streams()) > 0; scales != want {
			t.Errorf("%s scales by open streams: %t, want %t", s.Name, scales, want)
		}
	}
	for _, s := range streaming(t) {
		container := at(named(t, objects, "Deployment", "pulse-"+s.Name), "spec", "template", "spec", "containers").([]any)[0]
		// 2,000 streams of 40 KiB, beside what the process takes.
		if memory := at(container, "resources", "requests", "memory"); memory != "256Mi" {
			t.Errorf("a pod of %s asks for %v of memory", s.Name, memory)
		}
		if len(s.Consumers) > 0 {
			worker := named(t, objects, "ScaledObject", "pulse-"+s.Name+"-worker")
			if fewest := at(worker, "spec", "minReplicaCount"); fewest != 1 {
				t.Errorf("the worker of %s scales down to %v", s.Name, fewest)
			}
		}
	}
}
