package main

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// readLayout reads the layout of the repository.
func readLayout(t *testing.T) layout {
	t.Helper()
	raw, err := os.ReadFile("../../deploy/layout.json")
	if err != nil {
		t.Fatal(err)
	}
	var l layout
	if err := json.Unmarshal(raw, &l); err != nil {
		t.Fatal(err)
	}
	return l
}

// asked are paths and the services that answer them; nobody answers the last ones.
func asked(l layout) map[string]string {
	paths := map[string]string{
		"/openapi.yaml": l.Services[0].Name, "/grpc.health.v1.Health/Check": l.Services[0].Name,
		"/": "", "/metrics": "", "/debug/pprof/": "", "/v1/nothing": "", "/v1/posts/1/2": "", "/openapi.yamlx": "", "/x/openapi.yaml": "",
		"/pulse.nothing.v1.NothingService/Get": "", "/pulse.post.v1": "", "/pulse.bus.v1.Events/Get": "",
	}
	for _, s := range l.Services {
		for _, path := range samplePaths(s) {
			paths[path] = s.Name
		}
	}
	return paths
}

func TestHAProxyRoutesEveryPathToItsService(t *testing.T) {
	l := readLayout(t)
	config, err := haproxyConfig(l)
	if err != nil {
		t.Fatal(err)
	}
	rule := regexp.MustCompile(`(?m)^ *http-request set-var\(txn\.service\) str\((\w+)\) if \{ (path|path_beg|path_reg) (\S+) \}$`)
	rules := rule.FindAllStringSubmatch(string(config), -1)
	for path, want := range asked(l) {
		var got []string
		for _, r := range rules {
			matches := r[2] == "path" && path == r[3] || r[2] == "path_beg" && strings.HasPrefix(path, r[3]) ||
				r[2] == "path_reg" && regexp.MustCompile(r[3]).MatchString(path)
			if matches {
				got = append(got, r[1])
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s is routed to %q, want %q", path, got, want)
		}
	}
	for _, s := range l.Services {
		for _, backend := range []string{"\nbackend pulse-" + s.Name + "\n", "\nbackend pulse-" + s.Name + "-grpc\n"} {
			if !strings.Contains(string(config), backend) {
				t.Errorf("there is no %q", strings.TrimSpace(backend))
			}
		}
	}
}

func TestHAProxyAsksForTokensAsTheSchemaDoes(t *testing.T) {
	l := readLayout(t)
	config, err := haproxyConfig(l)
	if err != nil {
		t.Fatal(err)
	}
	var procedures []string
	var calls []*regexp.Regexp
	for _, m := range regexp.MustCompile(`acl needs_token path (\S+)`).FindAllStringSubmatch(string(config), -1) {
		procedures = append(procedures, m[1])
	}
	for _, m := range regexp.MustCompile(`acl needs_token var\(txn\.call\) -m reg (\S+)`).FindAllStringSubmatch(string(config), -1) {
		calls = append(calls, regexp.MustCompile(m[1]))
	}
	for _, s := range l.Services {
		for _, call := range s.RPCs {
			if slices.Contains(procedures, call.Procedure) == call.Public {
				t.Errorf("%s: public %t in the schema, and not so in haproxy.cfg", call.Procedure, call.Public)
			}
			for _, rest := range call.REST {
				asked := rest.Method + ":" + variable.ReplaceAllString(rest.Path, "42")
				if slices.ContainsFunc(calls, func(r *regexp.Regexp) bool { return r.MatchString(asked) }) == call.Public {
					t.Errorf("%s: public %t in the schema, and not so in haproxy.cfg", asked, call.Public)
				}
			}
		}
	}
}

func TestKongRoutesEveryPathToItsService(t *testing.T) {
	l := readLayout(t)
	raw, err := kongConfig(l)
	if err != nil {
		t.Fatal(err)
	}
	var file kongFile
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	for path, want := range asked(l) {
		for _, grpc := range []bool{false, true} {
			if grpc && want != "" && !strings.HasPrefix(path, "/pulse.") {
				continue // gRPC has paths of RPCs alone.
			}
			got := kongServices(file, path, grpc)
			if len(got) > 1 && !slices.ContainsFunc(got[1:], func(s kongService) bool { return s.Host != got[0].Host }) {
				got = got[:1] // Calls and streams of one service.
			}
			var hosts []string
			for _, s := range got {
				hosts = append(hosts, strings.TrimPrefix(s.Host, "pulse-"))
			}
			if strings.Join(hosts, " ") != want {
				t.Errorf("%s (gRPC %t) is routed to %q, want %q", path, grpc, hosts, want)
			}
		}
	}
	for _, s := range file.Services {
		for _, r := range s.Routes {
			if r.StripPath || r.RequestBuffering || r.ResponseBuffering {
				t.Errorf("route %s strips paths or buffers: %+v", r.Name, r)
			}
		}
	}
}

// kongServices are those with a path that matches.
func kongServices(file kongFile, path string, grpc bool) []kongService {
	return slices.DeleteFunc(slices.Clone(file.Services), func(s kongService) bool {
		return (s.Protocol == "grpc") != grpc || !slices.ContainsFunc(s.Routes[0].Paths, func(p string) bool { return kongMatches(p, path) })
	})
}

// kongMatches tells whether a path of a request is one of a route.
func kongMatches(pattern, path string) bool {
	if expression, ok := strings.CutPrefix(pattern, "~"); ok {
		return regexp.MustCompile("^(?:" + expression + ")").MatchString(path)
	}
	return strings.HasPrefix(path, pattern)
}

func TestWhatGatewaysCannotRouteIsRefused(t *testing.T) {
	call := func(procedure string, paths ...string) rpc {
		r := rpc{Procedure: procedure}
		for _, path := range paths {
			r.REST = append(r.REST, rest{Method: "GET", Path: path})
		}
		return r
	}
	one := service{Name: "one", Schemas: []string{"a.One"}, RPCs: []rpc{call("/a.One/Get", "/v1/ones/{id}")}}
	for name, c := range map[string]struct {
		other service
		want  string
	}{
		"the same path":           {service{Name: "two", Schemas: []string{"a.Two"}, RPCs: []rpc{call("/a.Two/Get", "/v1/ones/{other}")}}, "is routed to"},
		"a path that is in it":    {service{Name: "two", Schemas: []string{"a.Two"}, RPCs: []rpc{call("/a.Two/Get", "/v1/ones/mine")}}, "is routed to"},
		"a variable of more":      {service{Name: "two", Schemas: []string{"a.Two"}, RPCs: []rpc{call("/a.Two/Get", "/v1/{name=twos/*}")}}, "one segment"},
		"a route without method":  {service{Name: "two", Routes: []string{"/anything"}}, "has no method"},
		"an RPC without a schema": {service{Name: "two", RPCs: []rpc{call("/a.Two/Get")}}, "is routed to []"},
	} {
		_, err := routeTable(layout{Services: []service{one, c.other}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	verb := service{Name: "two", Schemas: []string{"a.Two"}, RPCs: []rpc{call("/a.Two/Get", "/v1/ones/{id}/twos", "/v1/ones:batchGet", "/v1/ones/{id}:close")}}
	if _, err := routeTable(layout{Services: []service{one, verb}}); err != nil {
		t.Errorf("paths below and verbs of another's: %v", err)
	}
}
