package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// longestStream is how long a stream may be silent and open at least, in milliseconds: it lives as long as the access token that it
// was opened with, ten minutes.
const longestStream = 600_000

// streamed lists the procedures of a layout that stream their answers; without one a test of them would say nothing.
func streamed(t *testing.T, l layout) []string {
	t.Helper()
	var procedures []string
	for _, s := range l.Services {
		procedures = append(procedures, s.streams()...)
	}
	if len(procedures) == 0 {
		t.Fatal("no RPC of the layout streams")
	}
	return procedures
}

// What is shipped says of each stream that HAProxy neither ends it after the time of a call nor repeats it, and passes on at once
// what it tells. The files are read, not generated: an edit by hand would be found as well.
func TestHAProxyPassesStreamsOn(t *testing.T) {
	l := readLayout(t)
	raw, err := os.ReadFile("../../deploy/haproxy/haproxy.cfg")
	if err != nil {
		t.Fatal(err)
	}
	if problems := haproxyStreams(string(raw), l, streamed(t, l)); len(problems) > 0 {
		t.Error(problems)
	}
	for name, planted := range map[string]string{
		"not exempt": strings.ReplaceAll(string(raw), " "+streamed(t, l)[0]+" }", " }"),
		"delayed":    strings.ReplaceAll(string(raw), "    option http-no-delay\n", ""),
		"bounded":    strings.ReplaceAll(string(raw), "set-timeout server 35s unless { var(txn.stream) -m bool }", "set-timeout server 35s"),
		"cut short":  strings.Replace(string(raw), "timeout server 1h", "timeout server 50s", 1),
		"buffered":   strings.Replace(string(raw), "    option dontlognull\n", "    option dontlognull\n    option http-buffer-request\n", 1),
		"compressed": strings.Replace(string(raw), "    option dontlognull\n", "    option dontlognull\n    compression algo gzip\n", 1),
	} {
		if planted == string(raw) {
			t.Errorf("%s: nothing was planted", name)
		}
		if len(haproxyStreams(planted, l, streamed(t, l))) == 0 {
			t.Errorf("%s: not found", name)
		}
	}
}

// haproxyStreams answers what a configuration of HAProxy does to streams that it should not.
func haproxyStreams(config string, l layout, procedures []string) []string {
	var problems []string
	for line := range strings.Lines(config) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "option http-buffer-request") || strings.HasPrefix(line, "compression ") {
			problems = append(problems, "holds bodies back: "+line)
		}
		spared := strings.HasSuffix(line, "unless { var(txn.stream) -m bool }") || strings.HasSuffix(line, "if { var(txn.upload) -m bool }")
		if strings.Contains(line, "set-timeout server") && !spared {
			problems = append(problems, "ends streams: "+line)
		}
		if strings.HasPrefix(line, "http-request set-var(txn.stream)") {
			for _, procedure := range procedures {
				if !slices.Contains(strings.Fields(line), procedure) {
					problems = append(problems, "takes for a call: "+procedure)
				}
			}
		}
	}
	for _, side := range []string{"client", "server"} {
		if !strings.Contains(config, "\n    timeout "+side+" 1h\n") {
			problems = append(problems, "ends silent streams: timeout "+side)
		}
	}
	for _, s := range l.Services {
		for _, name := range []string{"pulse-" + s.Name, "pulse-" + s.Name + "-grpc"} {
			_, backend, _ := strings.Cut(config, "\nbackend "+name+"\n")
			backend, _, _ = strings.Cut(backend, "\nbackend ")
			if len(s.streams()) > 0 && !strings.Contains(backend, "option http-no-delay") {
				problems = append(problems, "delays what comes of "+name)
			}
		}
	}
	return problems
}

// Kong neither holds a stream back nor ends it after the time of a call, by any protocol. The file is read, not generated.
func TestKongPassesStreamsOn(t *testing.T) {
	l := readLayout(t)
	raw, err := os.ReadFile("../../deploy/kong/kong.yaml")
	if err != nil {
		t.Fatal(err)
	}
	read := func(raw string) []string {
		var file kongFile
		if err := yaml.Unmarshal([]byte(raw), &file); err != nil {
			t.Fatal(err)
		}
		return kongStreamProblems(file, streamed(t, l))
	}
	if problems := read(string(raw)); len(problems) > 0 {
		t.Error(problems)
	}
	for name, planted := range map[string]string{
		"buffered": strings.ReplaceAll(string(raw), "response_buffering: false", "response_buffering: true"),
		"bounded":  strings.ReplaceAll(string(raw), "read_timeout: 3600000", "read_timeout: 35000"),
		"no route": strings.ReplaceAll(string(raw), "- "+streamed(t, l)[0]+"\n", "- /elsewhere\n"),
	} {
		if planted == string(raw) || len(read(planted)) == 0 {
			t.Errorf("%s: not found", name)
		}
	}
}

// kongStreamProblems answers what a configuration of Kong does to streams that it should not. Of routes by path Kong takes the longest.
func kongStreamProblems(file kongFile, procedures []string) []string {
	var problems []string
	for _, procedure := range procedures {
		for _, grpc := range []bool{false, true} {
			var taken kongService
			longest := 0
			for _, s := range kongServices(file, procedure, grpc) {
				for _, path := range s.Routes[0].Paths {
					if kongMatches(path, procedure) && len(path) > longest {
						taken, longest = s, len(path)
					}
				}
			}
			switch {
			case longest == 0:
				problems = append(problems, "routes nowhere: "+procedure)
			case taken.ReadTimeout < longestStream || taken.WriteTimeout < longestStream:
				problems = append(problems, "ends silent streams: "+taken.Name)
			case taken.Routes[0].ResponseBuffering || taken.Routes[0].RequestBuffering:
				problems = append(problems, "holds streams back: "+taken.Name)
			}
		}
	}
	return problems
}
