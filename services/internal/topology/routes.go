package topology

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	// The schemas of all services, to know their paths.
	_ "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	_ "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	_ "github.com/pulse-social/pulse/gen/pulse/post/v1"
	_ "github.com/pulse-social/pulse/gen/pulse/search/v1"
	_ "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	_ "github.com/pulse-social/pulse/gen/pulse/user/v1"
)

// routes answers which service serves what: its name by pattern of [http.ServeMux], for RPCs and for REST.
func routes() map[string]string {
	patterns := map[string]string{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		parts := strings.Split(string(file.Package()), ".")
		if len(parts) != 3 || parts[0] != "pulse" {
			return true
		}
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			patterns["/"+string(service.FullName())+"/"] = parts[1]
			for j := range service.Methods().Len() {
				for _, pattern := range restPatterns(service.Methods().Get(j)) {
					patterns[pattern] = parts[1]
				}
			}
		}
		return true
	})
	return patterns
}

// customVerb is the end of a path such as /v1/accounts/{user_id}:suspend, which [http.ServeMux] knows as part of a value alone.
var customVerb = regexp.MustCompile(`}:\w+$`)

// restPatterns answers the patterns of an RPC's REST paths.
func restPatterns(method protoreflect.MethodDescriptor) []string {
	rule, _ := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
	if rule == nil {
		return nil
	}
	var patterns []string
	for _, r := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
		for verb, path := range map[string]string{
			http.MethodGet: r.GetGet(), http.MethodPut: r.GetPut(), http.MethodPost: r.GetPost(),
			http.MethodDelete: r.GetDelete(), http.MethodPatch: r.GetPatch(),
		} {
			if path != "" {
				patterns = append(patterns, verb+" "+customVerb.ReplaceAllString(path, "}"))
			}
		}
	}
	return patterns
}

// Services lists the services that the schema has, by name.
func Services() []string {
	var names []string
	for _, name := range routes() {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
