package deploycheck_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulse-social/pulse/tools/deploycheck"
)

// takingFiles are the services with routes that take files; without one these tests would say nothing.
func takingFiles(t *testing.T) []service {
	t.Helper()
	all, _ := services(t)
	found := slices.DeleteFunc(all, func(s service) bool { return len(s.Uploads) == 0 })
	if len(found) == 0 {
		t.Fatal("no service of the layout takes files")
	}
	return found
}

// Routes of the Gateway API and of the mesh give a file the time that its service gives it, and a few seconds for the answer. The mesh
// lets it in without a token, and repeats nothing.
func TestFilesHaveTheTimeToCome(t *testing.T) {
	t.Parallel()
	objects := rendered(t, append(slices.Clone(deploycheck.Existing), deploycheck.Everything...)...)
	behind := rendered(t, append(slices.Clone(deploycheck.Existing), "--set", "haproxy.enabled=true,gateway.enabled=true,gateway.parentRefs[0].name=public")...)
	for _, s := range takingFiles(t) {
		for _, u := range s.Uploads {
			method, path, _ := strings.Cut(u.Route, " ")
			sample, want := variable.ReplaceAllString(path, "42"), fmt.Sprintf("%ds", u.Seconds+5)
			for name, route := range map[string]object{
				"the routes of the service":            named(t, objects, "HTTPRoute", "pulse-"+s.Name),
				"those before the chart's own gateway": named(t, behind, "HTTPRoute", "pulse"),
			} {
				if limit := requestLimit(route, sample); limit != want {
					t.Errorf("%s by %s: may take %q, want %s", u.Route, name, limit, want)
				}
			}
			for _, name := range []string{"pulse-" + s.Name, "pulse"} {
				first := meshRoute(t, at(named(t, objects, "VirtualService", name), "spec", "http").([]any), sample)
				if at(first, "timeout") != want || at(first, "retries", "attempts") != 0 {
					t.Errorf("%s by %s: timeout %v, %v attempts", u.Route, name, at(first, "timeout"), at(first, "retries", "attempts"))
				}
			}
			rules := at(named(t, objects, "AuthorizationPolicy", "pulse-"+s.Name), "spec", "rules").([]any)
			if !operations(rules, false)[method+" "+variable.ReplaceAllString(path, "{*}")] {
				t.Errorf("%s: the mesh asks for a token", u.Route)
			}
		}
	}
}

// meshRoute is the route of a VirtualService that takes a path, by an expression too.
func meshRoute(t *testing.T, routes []any, path string) any {
	t.Helper()
	for _, route := range routes {
		matches, _ := at(route, "match").([]any)
		takes := func(m any) bool {
			prefix, _ := at(m, "uri", "prefix").(string)
			expression, _ := at(m, "uri", "regex").(string)
			return at(m, "uri", "exact") == path || prefix != "" && strings.HasPrefix(path, prefix) ||
				expression != "" && regexp.MustCompile("^(?:"+expression+")$").MatchString(path)
		}
		if matches == nil || slices.ContainsFunc(matches, takes) {
			return route
		}
	}
	t.Fatalf("no route takes %s", path)
	return nil
}

// The mesh lets everybody fetch what each service answers besides its RPCs, whatever stands for a variable.
func TestTheMeshKnowsVariablesOfRoutes(t *testing.T) {
	t.Parallel()
	all, _ := services(t)
	objects := rendered(t, append(slices.Clone(deploycheck.Existing), deploycheck.Everything...)...)
	for _, s := range all {
		open := operations(at(named(t, objects, "AuthorizationPolicy", "pulse-"+s.Name), "spec", "rules").([]any), false)
		for _, route := range s.Routes {
			if !open[variable.ReplaceAllString(route, "{*}")] {
				t.Errorf("%s is not open to everybody", route)
			}
		}
	}
}

// Pods that make pictures have the memory for the largest one, and where pictures are, with the Secret and the identity for it; others
// have none of these.
func TestPodsOfMediaReachTheirStorage(t *testing.T) {
	t.Parallel()
	all, _ := services(t)
	objects := rendered(t, append(slices.Clone(deploycheck.Existing), deploycheck.Everything...)...)
	claimed := rendered(t, "--set", "secret.existing=pulse-backends,media.existingClaim=pictures,workers.enabled=true")
	for _, s := range all {
		takes := len(s.Uploads) > 0
		if limit := at(container(t, objects, "pulse-"+s.Name), "resources", "limits", "memory"); takes && limit != "1Gi" {
			// 25 million pixels of 24 bytes, beside what the process takes.
			t.Errorf("a pod of %s may take %v of memory", s.Name, limit)
		}
		names := []string{"pulse-" + s.Name}
		if len(s.Consumers) > 0 {
			names = append(names, "pulse-"+s.Name+"-worker")
		}
		for _, name := range names {
			manifest := fmt.Sprint(container(t, objects, name))
			pod := fmt.Sprint(at(named(t, objects, "Deployment", name), "spec", "template", "metadata", "labels"))
			account := fmt.Sprint(at(named(t, objects, "ServiceAccount", name), "metadata", "annotations"))
			for what, has := range map[string]bool{
				"the address":      strings.Contains(manifest, "value:s3://pulse?region=eu-central-1"),
				"the credentials":  strings.Contains(manifest, "secretRef:map[name:pulse-media]"),
				"the labels":       strings.Contains(pod, "pictures:kept"),
				"the annotations":  strings.Contains(account, "pictures:kept"),
				"to send straight": strings.Contains(manifest, "PULSE_MEDIA_PRESIGN value:true"),
			} {
				if has != takes {
					t.Errorf("%s has %s: %t, want %t", name, what, has, takes)
				}
			}
			mounts := fmt.Sprint(container(t, claimed, name))
			volumes := fmt.Sprint(at(named(t, claimed, "Deployment", name), "spec", "template", "spec", "volumes"))
			claim := strings.Contains(mounts, "mountPath:/var/lib/pulse/media name:pictures]") && strings.Contains(mounts, "value:file:///var/lib/pulse/media") &&
				strings.Contains(volumes, "claimName:pictures")
			if claim != takes {
				t.Errorf("%s has the claim: %t, want %t", name, claim, takes)
			}
		}
	}
}

// container is the one container of a Deployment.
func container(t *testing.T, objects []object, deployment string) any {
	t.Helper()
	return at(named(t, objects, "Deployment", deployment), "spec", "template", "spec", "containers").([]any)[0]
}

// Only pods of media reach object storage and who gives them their identity; none does when pictures are in a claim.
func TestOnlyMediaReachesObjectStorage(t *testing.T) {
	t.Parallel()
	const storage, identity = `networkPolicies.objectStorage.to=[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"storage"}}}]`,
		`networkPolicies.cloudIdentity.to=[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"identity"}}}]`
	args := []string{"--set", "secret.existing=pulse-backends", "--set-json", storage, "--set-json", identity}
	for name, c := range map[string]struct {
		media string
		want  bool
	}{"object storage": {"media.url=gs://pulse", true}, "a claim": {"media.existingClaim=pictures", false}, "a trial": {"media.url=mem://", false}} {
		got := flows(t, rendered(t, append(slices.Clone(args), "--set", c.media)...))
		var out []string
		for flow := range got {
			if strings.HasSuffix(flow, "{storage}:443") || strings.HasSuffix(flow, "{identity}:80") {
				out = append(out, flow)
			}
		}
		slices.Sort(out)
		want := []string{"media -> {identity}:80", "media -> {storage}:443"}
		if !c.want {
			want = nil
		}
		if !slices.Equal(out, want) {
			t.Errorf("%s: allowed are %v, want %v", name, out, want)
		}
	}
}

// What one pod has in its memory, another has not: there is one.
func TestPicturesInMemoryHaveOnePod(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]int{"mem://": 1, "s3://pulse": 2} {
		objects := rendered(t, "--set", "secret.existing=pulse-backends,media.url="+url)
		for _, s := range takingFiles(t) {
			if got := at(named(t, objects, "Deployment", "pulse-"+s.Name), "spec", "replicas"); got != want {
				t.Errorf("%s: %s has %v pods, want %d", url, s.Name, got, want)
			}
		}
	}
}
