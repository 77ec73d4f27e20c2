package deploycheck_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulse-social/pulse/tools/deploycheck"
)

// service is what these tests need of a service in deploy/layout.json.
type service struct {
	Name  string
	Calls []string
	RPCs  []struct {
		Procedure                 string
		Public, ReadOnly, Streams bool
		REST                      []struct{ Method, Path string }
	}
	Routes  []string
	Uploads []struct {
		Route   string
		Seconds int
	}
	Consumers []struct{ Durable string }
}

func services(t *testing.T) (all []service, stream string) {
	t.Helper()
	var l struct {
		Services    []service
		EventStream string
	}
	readJSON(t, layout, &l)
	if len(l.Services) == 0 || l.EventStream == "" {
		t.Fatal("the layout is empty")
	}
	return l.Services, l.EventStream
}

// streams are the procedures of a service that stay open.
func (s service) streams() []string {
	var procedures []string
	for _, call := range s.RPCs {
		if call.Streams {
			procedures = append(procedures, call.Procedure)
		}
	}
	return procedures
}

// flows answers which component may open connections to which and at which port, after both the policies of the one and of
// the other; what is outside of the release goes by what the policy says of it.
func flows(t *testing.T, objects []object) map[string]bool {
	t.Helper()
	components := map[string]object{}
	for _, o := range objects {
		labels, _ := at(o, "spec", "template", "metadata", "labels").(object)
		if o["kind"] == "Pod" {
			labels = at(o, "metadata", "labels").(object)
		}
		if labels != nil {
			components[labels["app.kubernetes.io/component"].(string)] = labels
		}
	}
	out, in := map[string]bool{}, map[string]bool{}
	for _, o := range objects {
		if o["kind"] != "NetworkPolicy" {
			continue
		}
		for name, labels := range components {
			if !selects(t, at(o, "spec", "podSelector"), labels) {
				continue
			}
			for _, other := range ends(t, at(o, "spec", "egress"), "to", components) {
				out[name+" -> "+other] = true
			}
			for _, other := range ends(t, at(o, "spec", "ingress"), "from", components) {
				colon := strings.LastIndexByte(other, ':')
				in[other[:colon]+" -> "+name+other[colon:]] = true
			}
		}
	}
	agreed := map[string]bool{}
	for flow := range out {
		if _, to, _ := strings.Cut(flow, " -> "); in[flow] || strings.HasPrefix(to, "{") {
			agreed[flow] = true
		}
	}
	for flow := range in {
		if strings.HasPrefix(flow, "{") {
			agreed[flow] = true
		} else if !out[flow] {
			t.Errorf("%s may come in and may not go out", flow)
		}
	}
	return agreed
}

// ends lists what rules name: components of the release, and other peers as they stand, each with a port.
func ends(t *testing.T, rules any, side string, components map[string]object) []string {
	t.Helper()
	list, _ := rules.([]any)
	var found []string
	for _, rule := range list {
		for _, port := range at(rule, "ports").([]any) {
			for _, peer := range at(rule, side).([]any) {
				selector := at(peer, "podSelector")
				if selector == nil {
					found = append(found, fmt.Sprintf("{%s}:%v", outside(peer), at(port, "port")))
					continue
				}
				for name, labels := range components {
					if selects(t, selector, labels) {
						found = append(found, fmt.Sprintf("%s:%v", name, at(port, "port")))
					}
				}
			}
		}
	}
	return found
}

// outside names a peer that is not of the release.
func outside(peer any) string {
	labels, _ := at(peer, "namespaceSelector", "matchLabels").(object)
	for label, value := range labels {
		if label == "kubernetes.io/metadata.name" {
			return fmt.Sprint(value)
		}
		return label
	}
	return fmt.Sprint(peer)
}

func selects(t *testing.T, selector any, labels object) bool {
	t.Helper()
	wanted, _ := at(selector, "matchLabels").(object)
	expressions, _ := at(selector, "matchExpressions").([]any)
	for _, e := range expressions {
		if at(e, "operator") != "In" {
			t.Fatalf("this test knows In alone: %v", e)
		}
		if !slices.Contains(at(e, "values").([]any), labels[at(e, "key").(string)]) {
			return false
		}
	}
	return covers(labels, wanted)
}

// What a service alone has to know is read by its pods alone, and by those of its worker: the password of the mail server and what
// identity providers know this server by, and the key that push services know it by.
func TestSecretsOfAServiceAreItsOwn(t *testing.T) {
	t.Parallel()
	variables := map[string]string{"identity": "PULSE_SMTP_URL_FILE", "notification": "PULSE_PUSH_KEY_FILE"}
	all, _ := services(t)
	objects := rendered(t, append(slices.Clone(deploycheck.Existing), "--set", "workers.enabled=true,identity.secret.existing=pulse-identity",
		"--set", "notification.secret.existing=pulse-notification,notification.pushContact=mailto:operator@example.org")...)
	for _, o := range objects {
		if at(o, "kind") != "Deployment" {
			continue
		}
		name, manifest := fmt.Sprint(at(o, "metadata", "name")), fmt.Sprint(o)
		for service, variable := range variables {
			want := name == "pulse-"+service || name == "pulse-"+service+"-worker"
			if reads := strings.Contains(manifest, "secretName:pulse-"+service); reads != want || strings.Contains(manifest, variable) != want {
				t.Errorf("%s reads the secret of %s: %t, want %t", name, service, reads, want)
			}
		}
	}
	for _, s := range all {
		if _, ok := variables[s.Name]; ok {
			named(t, objects, "Deployment", "pulse-"+s.Name)
			named(t, objects, "Deployment", "pulse-"+s.Name+"-worker")
		}
	}
}

// The pods of a release may talk along the calls of the layout, to their backends and to those who watch: nothing else.
func TestNetworkPoliciesAreTheFlows(t *testing.T) {
	t.Parallel()
	all, _ := services(t)
	objects := rendered(t, "--values", chart+"/values-in-cluster.yaml", "--set", "workers.enabled=true,keda.enabled=true,telemetry.otlp.enabled=true",
		"--set", "identity.secret.existing=pulse-identity,identity.secret.keys.signInProviders=providers",
		"--set", "notification.secret.existing=pulse-notification,notification.pushContact=mailto:operator@example.org",
		"--set-json", `networkPolicies.push.to=[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"browsers"}}}]`,
		"--set-json", `networkPolicies.mail.to=[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"mail"}}}]`,
		"--set-json", `networkPolicies.signIn.to=[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"internet"}}}]`)
	want := map[string]bool{
		"{pulse/gateway} -> gateway:http": true,
		"{monitoring} -> gateway:ops":     true,
		"{keda} -> nats:8222":             true,
		"test -> gateway:http":            true, "migrate -> postgres:5432": true,
	}
	users := map[string]service{}
	for _, s := range all {
		users[s.Name] = s
		want["gateway -> "+s.Name+":http"] = true
		if len(s.Consumers) > 0 {
			users[s.Name+"-worker"] = s
		}
	}
	for name, s := range users {
		want["{monitoring} -> "+name+":ops"] = true
		want[name+" -> {observability}:4317"] = true
		for _, backend := range []string{"postgres:5432", "redis:6379", "nats:4222"} {
			want[name+" -> "+backend] = true
		}
		for _, called := range s.Calls {
			want[name+" -> "+called+":http"] = true
		}
		if s.Name == "identity" {
			want[name+" -> {mail}:587"], want[name+" -> {internet}:443"] = true, true
		}
		if s.Name == "notification" {
			want[name+" -> {browsers}:443"] = true
		}
	}
	got := flows(t, objects)
	for flow := range got { // Everybody resolves names.
		if strings.HasSuffix(flow, "{kube-system}:53") {
			delete(got, flow)
		}
	}
	for _, flow := range sortedKeys(want) {
		if !got[flow] {
			t.Errorf("%s is not allowed", flow)
		}
	}
	for _, flow := range sortedKeys(got) {
		if !want[flow] {
			t.Errorf("%s is allowed and nobody needs it", flow)
		}
	}
}

// Deployments that run several services call by themselves what they run, and the policies know.
func TestGroupsCallAcrossGroupsAlone(t *testing.T) {
	t.Parallel()
	together := rendered(t, "--values", chart+"/values-in-cluster.yaml", "--set", "topology=single")
	for flow := range flows(t, together) {
		if strings.HasPrefix(flow, "all -> all") {
			t.Errorf("%s: nothing is called", flow)
		}
	}
	all, _ := services(t)
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.Name
	}
	apart := flows(t, rendered(t, "--values", chart+"/values-in-cluster.yaml", "--set", deploycheck.Groups(names, "b", "post", "user")))
	if !apart["rest -> b:http"] || apart["b -> rest:http"] {
		t.Errorf("timeline is in the rest and calls post in b: got %v", sortedKeys(apart))
	}
}

// Every path reaches the service that the layout has it at, and only that.
func TestRoutesFollowTheLayout(t *testing.T) {
	t.Parallel()
	all, _ := services(t)
	objects := rendered(t, append(slices.Clone(deploycheck.Existing), deploycheck.Everything...)...)
	for _, s := range all {
		for _, path := range samplePaths(s) {
			var homes []string
			for _, o := range objects {
				if o["kind"] == "HTTPRoute" && takes(t, o, path) {
					homes = append(homes, at(o, "metadata", "name").(string))
				}
			}
			if len(homes) != 1 || homes[0] != "pulse-"+s.Name {
				t.Errorf("%s goes to %v, want pulse-%s", path, homes, s.Name)
			}
		}
		grpc := fmt.Sprint(at(named(t, objects, "GRPCRoute", "pulse-"+s.Name), "spec", "rules"))
		for _, call := range s.RPCs {
			if schema := strings.Split(call.Procedure, "/")[1]; !strings.Contains(grpc, schema) {
				t.Errorf("the GRPCRoute of %s lacks %s", s.Name, schema)
			}
		}
	}
}

var variable = regexp.MustCompile(`\{[a-z_.]+\}`)

// samplePaths are paths of a service's calls, with something in place of variables.
func samplePaths(s service) []string {
	var paths []string
	for _, call := range s.RPCs {
		paths = append(paths, call.Procedure)
		for _, rest := range call.REST {
			paths = append(paths, variable.ReplaceAllString(rest.Path, "42"))
		}
	}
	for _, route := range s.Routes {
		_, path, _ := strings.Cut(route, " ")
		paths = append(paths, variable.ReplaceAllString(path, "42"))
	}
	return paths
}

func takes(t *testing.T, route object, path string) bool {
	t.Helper()
	for _, rule := range at(route, "spec", "rules").([]any) {
		for _, match := range at(rule, "matches").([]any) {
			value := at(match, "path", "value").(string)
			switch at(match, "path", "type") {
			case "Exact":
				if path == value {
					return true
				}
			case "PathPrefix":
				if path == value || strings.HasPrefix(path, value+"/") {
					return true
				}
			case "RegularExpression":
				if regexp.MustCompile("^(" + value + ")$").MatchString(path) {
					return true
				}
			}
		}
	}
	return false
}

// The mesh lets everybody call what the schema says is public, and lets only signed-in callers call the rest. It repeats
// only what has no side effects.
func TestTheMeshFollowsTheSchema(t *testing.T) {
	t.Parallel()
	all, _ := services(t)
	objects := rendered(t, append(slices.Clone(deploycheck.Existing), deploycheck.Everything...)...)
	for _, s := range all {
		rules := at(named(t, objects, "AuthorizationPolicy", "pulse-"+s.Name), "spec", "rules").([]any)
		routes := at(named(t, objects, "VirtualService", "pulse-"+s.Name), "spec", "http").([]any)
		for _, call := range s.RPCs {
			open, closed := operations(rules, false), operations(rules, true)
			methods := []string{"POST " + call.Procedure}
			if call.ReadOnly {
				methods = append(methods, "GET "+call.Procedure)
			}
			for _, rest := range call.REST {
				methods = append(methods, rest.Method+" "+variable.ReplaceAllString(rest.Path, "{*}"))
			}
			for _, m := range methods {
				if open[m] != call.Public || closed[m] == call.Public {
					t.Errorf("%s: open to everybody %t, to signed-in callers %t, and the schema says public %t", m, open[m], closed[m], call.Public)
				}
			}
			want := call.ReadOnly && !call.Streams
			if repeated(t, routes, call.Procedure) != want {
				t.Errorf("%s: repeated by the mesh %t, want %t", call.Procedure, !want, want)
			}
		}
		last := routes[len(routes)-1]
		if at(last, "match") != nil || at(last, "retries", "attempts") != 0 {
			t.Errorf("%s: what no route names is repeated", s.Name)
		}
	}
}

// operations lists the operations of the rules that do or do not ask for a caller.
func operations(rules []any, signedIn bool) map[string]bool {
	found := map[string]bool{}
	for _, rule := range rules {
		if (at(rule, "from") != nil) != signedIn {
			continue
		}
		for _, to := range at(rule, "to").([]any) {
			methods, _ := at(to, "operation", "methods").([]any)
			paths, _ := at(to, "operation", "paths").([]any)
			for _, m := range methods {
				for _, p := range paths {
					found[fmt.Sprint(m, " ", p)] = true
				}
			}
		}
	}
	return found
}

// repeated tells whether the first route that takes a path lets it be repeated.
func repeated(t *testing.T, routes []any, path string) bool {
	t.Helper()
	for _, route := range routes {
		matches, _ := at(route, "match").([]any)
		if matches == nil || slices.ContainsFunc(matches, func(m any) bool { return at(m, "uri", "exact") == path }) {
			return at(route, "retries", "attempts") != 0
		}
	}
	t.Fatalf("no route takes %s", path)
	return false
}

// Workers are scaled by the lag of the consumers that they run.
func TestWorkersScaleByTheLagOfTheirConsumers(t *testing.T) {
	t.Parallel()
	all, stream := services(t)
	objects := rendered(t, append(slices.Clone(deploycheck.Existing), deploycheck.Everything...)...)
	for _, s := range all {
		if len(s.Consumers) == 0 {
			continue
		}
		worker := named(t, objects, "Deployment", "pulse-"+s.Name+"-worker")
		if at(worker, "spec", "replicas") != nil {
			t.Errorf("the worker of %s has a number of replicas, which would undo what KEDA sets", s.Name)
		}
		triggers := at(named(t, objects, "ScaledObject", "pulse-"+s.Name+"-worker"), "spec", "triggers").([]any)
		for i, c := range s.Consumers {
			if at(triggers[i], "metadata", "consumer") != c.Durable || at(triggers[i], "metadata", "stream") != stream {
				t.Errorf("%s scales by %v, want %s of %s", s.Name, at(triggers[i], "metadata"), c.Durable, stream)
			}
		}
	}
}
