package deploycheck_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulse-social/pulse/tools/deploycheck"
)

const (
	chart  = "../../deploy/helm/pulse"
	layout = "../../deploy/layout.json"
)

// schemas is where the schemas of all kinds are, for all tests.
var schemas string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "pulse-schemas-")
	if err == nil {
		defer func() { _ = os.RemoveAll(folder) }()
		schemas = folder
		err = deploycheck.WriteSchemas(context.Background(), folder)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "deploycheck:", err)
		return 1
	}
	return m.Run()
}

// tool runs one of the tools in .tools/bin.
func tool(t *testing.T, stdin []byte, name string, args ...string) (string, error) {
	t.Helper()
	path := filepath.Join("../bin", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is not there: run .tools/task tools:helm", path)
	}
	command := exec.CommandContext(t.Context(), path, args...)
	command.Stdin = bytes.NewReader(stdin)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s%s", err, out, complaints.String())
	}
	return string(out), err
}

// render renders the chart.
func render(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return tool(t, nil, "helm", append([]string{"template", "pulse", chart, "--namespace", "pulse", "--kube-version", "1.37.0"}, args...)...)
}

// rendered is render where it has to succeed, and answers the objects.
func rendered(t *testing.T, args ...string) []object {
	t.Helper()
	out, err := render(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, out)
}

type object = deploycheck.Object

// settings are the ways to install the chart that are checked.
func settings(t *testing.T) map[string][]string {
	t.Helper()
	all, err := deploycheck.Settings(chart)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func parse(t *testing.T, manifest string) []object {
	t.Helper()
	objects, err := deploycheck.Documents([]byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// validate holds manifests against the schemas of their kinds.
func validate(t *testing.T, manifest string) error {
	t.Helper()
	_, err := tool(t, []byte(manifest), "kubeconform", "-strict", "-summary", "-schema-location", deploycheck.SchemaLocation(schemas), "-")
	return err
}

// What the chart renders to is valid, whichever way it is installed.
func TestWhatIsRenderedIsValid(t *testing.T) {
	t.Parallel()
	for name, args := range settings(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := tool(t, nil, "helm", append([]string{"lint", "--strict", chart}, args...)...); err != nil {
				t.Error(err)
			}
			out, err := render(t, args...)
			if err != nil {
				t.Fatal(err)
			}
			if err := validate(t, out); err != nil {
				t.Error(err)
			}
			for _, o := range parse(t, out) {
				checkPod(t, o)
			}
		})
	}
}

// checkPod wants each container of an object to be restricted and bounded. An API server enforces the former where the
// namespace asks for it; bounds it takes from the LimitRange, which not every cluster has.
func checkPod(t *testing.T, o object) {
	t.Helper()
	spec := at(o, "spec", "template", "spec")
	if o["kind"] == "Pod" {
		spec = at(o, "spec")
	}
	if spec == nil {
		return
	}
	id := fmt.Sprint(o["kind"], " ", at(o, "metadata", "name"))
	if at(spec, "automountServiceAccountToken") != false {
		t.Errorf("%s: automountServiceAccountToken is not false", id)
	}
	if at(spec, "securityContext", "runAsNonRoot") != true || at(spec, "securityContext", "seccompProfile", "type") != "RuntimeDefault" {
		t.Errorf("%s: the pod is not of the restricted level", id)
	}
	for _, c := range at(spec, "containers").([]any) {
		if at(c, "securityContext", "readOnlyRootFilesystem") != true || at(c, "securityContext", "allowPrivilegeEscalation") != false ||
			fmt.Sprint(at(c, "securityContext", "capabilities", "drop")) != "[ALL]" {
			t.Errorf("%s: a container is not of the restricted level", id)
		}
		for _, bound := range []string{"requests", "limits"} {
			if at(c, "resources", bound, "memory") == nil || at(c, "resources", bound, "cpu") == nil {
				t.Errorf("%s: a container has no %s", id, bound)
			}
		}
	}
}

// at answers what stands at a path, nil when nothing does.
func at(node any, path ...string) any {
	for _, name := range path {
		fields, ok := node.(object)
		if !ok {
			return nil
		}
		node = fields[name]
	}
	return node
}

// What is wrong with values is refused before anything is installed, with its path.
func TestWrongValuesAreRefusedWithTheirPath(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"typo":              {[]string{"--set", "api.replcas=2"}, []string{"/api", "'replcas' not allowed"}},
		"typo at the top":   {[]string{"--set", "replicas=2"}, []string{"'replicas' not allowed"}},
		"no replica":        {[]string{"--set", "api.replicas=0"}, []string{"/api/replicas", "minimum: got 0, want 1"}},
		"no replica of one": {[]string{"--set", "deployments.post.replicas=0"}, []string{"/deployments/post/replicas", "want 1"}},
		"cloud":             {[]string{"--set", "cloud=azure"}, []string{"/cloud", "must be one of"}},
		"topology":          {[]string{"--set", "topology=several"}, []string{"/topology", "must be one of"}},
		"duration":          {[]string{"--set", "startTimeout=soon"}, []string{"/startTimeout", "does not match pattern"}},
		"wildcard origin":   {[]string{"--set", "corsOrigins={*}"}, []string{"/corsOrigins/0", "does not match pattern"}},
		"no mail server":    {[]string{"--set", "identity.publicURL=https://app.example.org"}, []string{"identity.publicURL needs a mail server"}},
		"no public URL":     {[]string{"--set", "identity.publicURL=app.example.org"}, []string{"/identity/publicURL", "does not match pattern"}},
		"no groups":         {[]string{"--set", "topology=groups"}, []string{"/groups", "minProperties"}},
		"unused groups":     {[]string{"--set", "groups.a={post}"}, []string{"/groups", "maxProperties"}},
		"setting":           {[]string{"--set", "config.PULSE_MIGRATE=true"}, []string{"config.PULSE_MIGRATE", "another value sets this"}},
		"not a setting":     {[]string{"--set", "config.pulse_log_level=debug"}, []string{"/config", "pulse_log_level"}},
		"no such service":   {[]string{"--set", "topology=groups,groups.a={posts}"}, []string{`groups.a: there is no service "posts": choose from`}},
		"service left out":  {[]string{"--set", "topology=groups,groups.a={post}"}, []string{"groups: service identity is in no group"}},
		"service twice":     {[]string{"--set", "topology=groups,groups.a={post},groups.b={post}"}, []string{"groups.b: service post is in another group already"}},
		"no such part":      {[]string{"--set", "deployments.posts.replicas=2"}, []string{"deployments.posts: there is no such Deployment"}},
		"keda alone":        {[]string{"--set", "keda.enabled=true"}, []string{"keda.enabled", "set it to true"}},
		"no gateway":        {[]string{"--set", "gateway.enabled=true"}, []string{"gateway.parentRefs"}},
		"no way in":         {[]string{"--set", "ingress.enabled=true,ingress.className=x,ingress.hostname=y"}, []string{"ingress.enabled", "haproxy.enabled"}},
		"range":             {[]string{"--set", "api.autoscaling.enabled=true,api.autoscaling.minReplicas=9,api.autoscaling.maxReplicas=3"}, []string{"minReplicas 9 is more than maxReplicas 3"}},
		"one backend":       {[]string{"--set", "postgres.enabled=true"}, []string{"postgres.enabled, redis.enabled, nats.enabled: set all three or none"}},
		"two secrets":       {[]string{"--set", "secret.databaseURL=postgres://db/pulse"}, []string{"secret: several sources are set"}},
		"no secret":         {[]string{"--set", "secret.existing="}, []string{"secret: nothing says where Postgres, Redis and NATS are"}},
		"no pictures":       {[]string{"--set", "media.url="}, []string{"media: nothing says where pictures are kept", "media.existingClaim"}},
		"pictures twice":    {[]string{"--set", "media.existingClaim=pictures"}, []string{"media.url and media.existingClaim"}},
		"pictures sent":     {[]string{"--set", "media.url=mem://,media.presign=true"}, []string{"media.presign needs a storage"}},
		"half a secret":     {[]string{"--set", "secret.existing=,secret.databaseURL=postgres://db/pulse"}, []string{"secret.redisURL"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := render(t, append(slices.Clone(deploycheck.Existing), c.args...)...)
			if err == nil {
				t.Fatal("rendered, want a refusal")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want it to say %q", err, want)
				}
			}
		})
	}
}

// Errors that a change of a template could make do not pass the schemas.
func TestWrongManifestsAreRefused(t *testing.T) {
	t.Parallel()
	out, err := render(t, append(slices.Clone(deploycheck.Existing), deploycheck.Everything...)...)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, wrong, want string }{
		"field of a core kind":       {"revisionHistoryLimit:", "revisionHistoryLimits:", "revisionHistoryLimits"},
		"field deep inside":          {"readOnlyRootFilesystem:", "readOnlyRootFileSystem:", "readOnlyRootFileSystem"},
		"version of a core kind":     {"apiVersion: autoscaling/v2", "apiVersion: autoscaling/v2beta2", "could not find schema for HorizontalPodAutoscaler"},
		"field of an HTTPRoute":      {"backendRefs:", "backends:", "backends"},
		"value of an HTTPRoute":      {"type: PathPrefix", "type: Prefix", "must be one of"},
		"field of a ScaledObject":    {"maxReplicaCount:", "maxReplicas:", "maxReplicas"},
		"field of a ServiceMonitor":  {"endpoints:", "ports:", "ports"},
		"field of a VirtualService":  {"retries:", "retry:", "retry"},
		"field of an Istio policy":   {"requestPrincipals:", "principal:", "principal"},
		"type of a field":            {"maxSurge: 1", "maxSurge: [1]", "maxSurge"},
		"field of a ResourceQuota":   {"  hard:", "  limits:", "limits"},
		"field of a PodDisruption..": {"unhealthyPodEvictionPolicy:", "unhealthyPodsEvictionPolicy:", "unhealthyPodsEvictionPolicy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			planted := strings.Replace(out, c.old, c.wrong, 1)
			if planted == out {
				t.Fatalf("there is no %q to make wrong", c.old)
			}
			if err := validate(t, planted); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want it to name %q", err, c.want)
			}
		})
	}
}

// Every value is described, and the schema knows no other.
func TestEveryValueIsDescribed(t *testing.T) {
	t.Parallel()
	var schema object
	readJSON(t, chart+"/values.schema.json", &schema)
	raw, err := os.ReadFile(chart + "/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "", schema, parse(t, string(raw))[0])
}

func compare(t *testing.T, path string, schema object, values any) {
	t.Helper()
	if schema["description"] == nil {
		t.Errorf("%s has no description in values.schema.json", path)
	}
	properties, _ := schema["properties"].(object)
	if properties == nil {
		return
	}
	if schema["additionalProperties"] != false {
		t.Errorf("%s takes any value: set additionalProperties to false", path)
	}
	fields, _ := values.(object)
	for name, p := range properties {
		value, ok := fields[name]
		if !ok && path+"/"+name != "/global" {
			t.Errorf("%s/%s is missing from values.yaml", path, name)
		}
		compare(t, path+"/"+name, p.(object), value)
	}
	for name := range fields {
		if properties[name] == nil {
			t.Errorf("%s/%s is missing from values.schema.json", path, name)
		}
	}
}

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

// named answers the object of a kind and a name.
func named(t *testing.T, objects []object, kind, name string) object {
	t.Helper()
	for _, o := range objects {
		if o["kind"] == kind && at(o, "metadata", "name") == name {
			return o
		}
	}
	t.Fatalf("there is no %s %s", kind, name)
	return nil
}

// The volumes, the ports and the probes of a pod have to fit each other and the Services, which no schema tells.
func TestServicesFindTheirPods(t *testing.T) {
	t.Parallel()
	for name, args := range settings(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects := rendered(t, args...)
			for _, o := range objects {
				if o["kind"] != "Service" {
					continue
				}
				selector, _ := at(o, "spec", "selector").(object)
				pods := slices.DeleteFunc(slices.Clone(objects), func(w object) bool {
					labels, _ := at(w, "spec", "template", "metadata", "labels").(object)
					return labels == nil || !covers(labels, selector)
				})
				if len(pods) != 1 {
					t.Errorf("Service %s selects the pods of %d workloads, want 1", at(o, "metadata", "name"), len(pods))
					continue
				}
				for _, port := range at(o, "spec", "ports").([]any) {
					if !offers(pods[0], at(port, "targetPort")) {
						t.Errorf("Service %s: its pods have no port %v", at(o, "metadata", "name"), at(port, "targetPort"))
					}
				}
			}
		})
	}
}

func covers(labels, selector object) bool {
	for name, value := range selector {
		if labels[name] != value {
			return false
		}
	}
	return true
}

func offers(workload object, target any) bool {
	for _, c := range at(workload, "spec", "template", "spec", "containers").([]any) {
		for _, p := range at(c, "ports").([]any) {
			if at(p, "name") == target || at(p, "containerPort") == target {
				return true
			}
		}
	}
	return false
}

// A pod has time to finish what it promised to.
func TestAPodIsNotKilledWhileItDrains(t *testing.T) {
	t.Parallel()
	objects := rendered(t, append(slices.Clone(deploycheck.Existing), "--set", "shutdown.drainDelaySeconds=30,shutdown.stopTimeoutSeconds=40")...)
	grace := at(named(t, objects, "Deployment", "pulse-post"), "spec", "template", "spec", "terminationGracePeriodSeconds")
	data := at(named(t, objects, "ConfigMap", "pulse-settings"), "data").(object)
	if data["PULSE_DRAIN_DELAY"] != "30s" || data["PULSE_STOP_TIMEOUT"] != "40s" || grace.(int) <= 70 {
		t.Errorf("drains %v, stops within %v, is killed after %v s", data["PULSE_DRAIN_DELAY"], data["PULSE_STOP_TIMEOUT"], grace)
	}
}

func sortedKeys(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }
