package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// An uploaded file is a sample request for a route that takes files.
type uploadedFile struct {
	upload
	service, method, path string
}

// uploads lists the routes of a layout that take files; without one a test of them would say nothing.
func uploads(t *testing.T, l layout) []uploadedFile {
	t.Helper()
	var files []uploadedFile
	for _, s := range l.Services {
		for _, u := range s.Uploads {
			method, path, _ := strings.Cut(u.Route, " ")
			files = append(files, uploadedFile{u, s.Name, method, variable.ReplaceAllString(path, "42")})
		}
	}
	if len(files) == 0 {
		t.Fatal("no route of the layout takes files")
	}
	return files
}

// What is shipped lets files through HAProxy, and bounds all else as before. The file is read, not generated.
func TestHAProxyPassesFilesOn(t *testing.T) {
	l := readLayout(t)
	raw, err := os.ReadFile("../../deploy/haproxy/haproxy.cfg")
	if err != nil {
		t.Fatal(err)
	}
	if problems := haproxyUploads(string(raw), l, uploads(t, l)); len(problems) > 0 {
		t.Error(problems)
	}
	for name, planted := range map[string]string{
		"bounded as a call":   strings.Replace(string(raw), "http1 !upload { req.body_size", "http1 { req.body_size", 1),
		"other routes let in": strings.Replace(string(raw), "acl upload always_false", "acl upload always_true", 1),
		"any method":          strings.ReplaceAll(string(raw), "^PUT:/uploads", "^[A-Z]+:/uploads"),
		"unbounded":           strings.ReplaceAll(string(raw), "req.body_size gt 104857600", "req.body_size gt 9104857600"),
		"hurried":             strings.ReplaceAll(string(raw), "set-timeout server 305s", "set-timeout server 35s"),
		"hurried by order": strings.Replace(string(raw), "    http-request set-timeout server 35s unless { var(txn.stream) -m bool }\n    # A file may come slowly.\n"+
			"    http-request set-timeout server 305s if { var(txn.upload) -m bool }\n", "    http-request set-timeout server 305s if { var(txn.upload) -m bool }\n"+
			"    http-request set-timeout server 35s unless { var(txn.stream) -m bool }\n", 1),
		"logged": strings.Replace(string(raw), "regsub(/uploads/[^/]+,/uploads/-),", "", 1),
	} {
		if planted == string(raw) {
			t.Errorf("%s: nothing was planted", name)
		}
		if len(haproxyUploads(planted, l, uploads(t, l))) == 0 {
			t.Errorf("%s: not found", name)
		}
	}
}

// haproxyUploads answers what a configuration of HAProxy does to files, and lets others do, that it should not.
func haproxyUploads(config string, l layout, files []uploadedFile) []string {
	var problems []string
	matched := func(call string) bool {
		if strings.Contains(config, "acl upload always_true") {
			return true
		}
		acls := regexp.MustCompile(`acl upload var\(txn\.call\) -m reg (\S+)`).FindAllStringSubmatch(config, -1)
		return slices.ContainsFunc(acls, func(m []string) bool { return regexp.MustCompile(m[1]).MatchString(call) })
	}
	if !strings.Contains(config, fmt.Sprintf("str(size) if http1 !upload { req.body_size gt %d }\n", l.Edge.BodyLimit())) {
		problems = append(problems, "what is no file is not bounded by itself")
	}
	for _, f := range files {
		call := f.method + ":" + f.path
		if !matched(call) || matched("POST:"+f.path) || matched("PUT:/v1/posts/42") || matched(call+"/more") {
			problems = append(problems, "other calls than "+f.Route+" are files")
		}
		bound := regexp.MustCompile(`str\(size\) if http1 \{ var\(txn\.call\) -m reg (\S+) \} \{ req\.body_size gt (\d+) \}`).FindStringSubmatch(config)
		if bound == nil || !regexp.MustCompile(bound[1]).MatchString(call) || bound[2] != strconv.FormatInt(f.MaxBytes, 10) {
			problems = append(problems, "bounds "+f.Route+" elsewhere than the service")
		}
		_, backend, _ := strings.Cut(config, "\nbackend pulse-"+f.service+"\n")
		backend, _, _ = strings.Cut(backend, "\nbackend ")
		timeouts := regexp.MustCompile(`set-timeout server (\S+) `).FindAllStringSubmatch(backend, -1)
		if len(timeouts) == 0 || timeouts[len(timeouts)-1][1] != fmt.Sprintf("%ds", f.Patience()) || f.Patience() <= f.Seconds {
			problems = append(problems, "hurries "+f.Route)
		}
		secret := strings.TrimSuffix(f.path, "42")
		if !strings.Contains(config, "regsub("+secret+"[^/]+,"+secret+"-)") {
			problems = append(problems, "logs who may send "+f.Route)
		}
	}
	return problems
}

// Kong bounds a file as its service does, for as long as the service waits, and takes nothing else for one. The file is read, not
// generated.
func TestKongPassesFilesOn(t *testing.T) {
	l := readLayout(t)
	raw, err := os.ReadFile("../../deploy/kong/kong.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file kongFile
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	for _, f := range uploads(t, l) {
		for _, s := range kongServices(file, f.path, false) {
			limit := s.Plugins[0].Config["allowed_payload_size"]
			if methods := s.Routes[0].Methods; len(methods) == 0 {
				if limit != l.Edge.BodyLimit() || s.ReadTimeout != kongUnaryTimeout {
					t.Errorf("%s bounds calls to %v bytes and %d ms", s.Name, limit, s.ReadTimeout)
				}
				continue
			} else if !slices.Equal(methods, []string{f.method}) || len(s.Routes[0].Paths) != 1 {
				t.Errorf("%s takes %v of %v for files", s.Name, methods, s.Routes[0].Paths)
			}
			if limit != int(f.MaxBytes) || s.ReadTimeout != 1000*f.Patience() || s.WriteTimeout != 1000*f.Patience() {
				t.Errorf("%s bounds files to %v bytes and %d ms, want %d and %d", s.Name, limit, s.ReadTimeout, f.MaxBytes, 1000*f.Patience())
			}
		}
		if !slices.ContainsFunc(kongServices(file, f.path, false), func(s kongService) bool { return len(s.Routes[0].Methods) > 0 }) {
			t.Errorf("%s is bounded as a call", f.Route)
		}
	}
}
