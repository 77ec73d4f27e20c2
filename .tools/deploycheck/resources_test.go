package deploycheck_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// The values that need nothing but a cluster fit one whose only node has two CPUs. What kubeadm starts on it asks for 950
// millicores of them: 250 for the API server, 200 for the controllers, 100 each for the scheduler, etcd, two of CoreDNS and the
// network.
func TestEverythingInTheClusterFitsTwoCPUs(t *testing.T) {
	t.Parallel()
	const room = 2000 - 950
	total, largest := 0, 0
	for _, o := range rendered(t, "--values", chart+"/values-in-cluster.yaml") {
		pods := 1
		switch o["kind"] {
		case "Deployment", "StatefulSet":
			pods = at(o, "spec", "replicas").(int)
		case "Job":
		default:
			continue
		}
		asks := 0
		for _, c := range at(o, "spec", "template", "spec", "containers").([]any) {
			asks += millicores(t, at(c, "resources", "requests", "cpu"))
		}
		total += pods * asks
		if o["kind"] == "Deployment" {
			largest = max(largest, asks)
		}
	}
	// A rolling update adds pods before it takes some away.
	if got := total + largest; largest == 0 || got > room {
		t.Errorf("all pods and one more ask for %d millicores, a node of two CPUs has %d for them", got, room)
	}
}

// A Job cannot be changed, so an upgrade that would change that of the migration makes another one, and no other upgrade does.
func TestAnotherMigrationHasAnotherName(t *testing.T) {
	t.Parallel()
	job := func(set string) string {
		for _, o := range rendered(t, "--values", chart+"/values-in-cluster.yaml", "--set", set) {
			if o["kind"] == "Job" {
				return fmt.Sprint(at(o, "metadata", "name"))
			}
		}
		t.Fatal("no Job migrates")
		return ""
	}
	before := job("")
	for _, set := range []string{
		"image.tag=v2", "migration.roles=false", "migration.resources.limits.memory=512Mi", "migration.deadlineSeconds=60",
		"image.pullPolicy=Always", "startTimeout=60s",
	} {
		if job(set) == before {
			t.Errorf("%s changes the Job and not its name", set)
		}
	}
	if job("api.replicas=3") != before {
		t.Error("an upgrade of other pods migrates once more")
	}
}

// millicores reads a quantity of CPU as the chart writes them.
func millicores(t *testing.T, quantity any) int {
	t.Helper()
	number, milli := strings.CutSuffix(fmt.Sprint(quantity), "m")
	n, err := strconv.Atoi(number)
	if err != nil {
		t.Fatalf("%v: want a number of CPUs, or of millicores such as 50m", quantity)
	}
	if milli {
		return n
	}
	return 1000 * n
}
