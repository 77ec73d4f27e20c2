package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A route is one path that gateways send to a service. Exactly one of Prefix, Exact and Pattern is set.
type route struct {
	// Service is the name of the service that answers.
	Service string
	// Prefix is the beginning of the paths of a protobuf service's RPCs, such as /pulse.post.v1.PostService/.
	Prefix string
	// Exact is a path as it stands, such as /v1/posts.
	Exact string
	// Pattern is a regular expression for a whole path without its anchors, such as /v1/posts/[^/:]+.
	Pattern string
}

// matches tells whether a path takes the route.
func (r route) matches(path string) bool {
	switch {
	case r.Prefix != "":
		return strings.HasPrefix(path, r.Prefix)
	case r.Exact != "":
		return path == r.Exact
	default:
		return regexp.MustCompile("^" + r.Pattern + "$").MatchString(path)
	}
}

// expression is a path that is not a prefix as a regular expression without anchors.
func (r route) expression() string {
	if r.Exact != "" {
		return regexp.QuoteMeta(r.Exact)
	}
	return r.Pattern
}

// sharedPaths are what every service answers alike: the description of the API, and whether the process serves. They go
// to the first service.
var sharedPaths = []route{
	{Exact: "/openapi.yaml"},
	{Prefix: "/grpc.health.v1.Health/"},
	{Prefix: "/grpc.reflection.v1.ServerReflection/"},
	{Prefix: "/grpc.reflection.v1alpha.ServerReflection/"},
}

// routeTable is the one table that all gateways are configured from: which service answers which path. It goes by the path
// alone, so that a service sees what is wrong with a method, and a browser's preflight. It fails when a path would
// belong to two services.
func routeTable(l layout) ([]route, error) {
	var table []route
	for _, s := range l.Services {
		routes, err := serviceRoutes(s)
		if err != nil {
			return nil, fmt.Errorf("service %s: %w", s.Name, err)
		}
		table = append(table, routes...)
	}
	if len(l.Services) > 0 {
		for _, r := range sharedPaths {
			r.Service = l.Services[0].Name
			table = append(table, r)
		}
	}
	return table, checkDisjoint(l, table)
}

func serviceRoutes(s service) ([]route, error) {
	var routes []route
	for _, schema := range s.Schemas {
		routes = append(routes, route{Service: s.Name, Prefix: "/" + schema + "/"})
	}
	var templates []string
	for _, call := range s.RPCs {
		for _, rest := range call.REST {
			templates = append(templates, rest.Path)
		}
	}
	for _, pattern := range s.Routes {
		_, path, ok := strings.Cut(pattern, " ")
		if !ok {
			return nil, fmt.Errorf("route %q has no method", pattern)
		}
		templates = append(templates, path)
	}
	slices.Sort(templates)
	for _, template := range slices.Compact(templates) {
		r, err := restRoute(template)
		if err != nil {
			return nil, err
		}
		r.Service = s.Name
		routes = append(routes, r)
	}
	return routes, nil
}

// variable is a variable of a path template that stands for one segment.
var variable = regexp.MustCompile(`\{[a-z0-9_.]+\}`)

// segment is what a variable matches: a segment up to the colon of a verb.
const segment = `[^/:]+`

// restRoute answers the route of a path template of google.api.http.
func restRoute(template string) (route, error) {
	literals := variable.Split(template, -1)
	for _, literal := range literals {
		if strings.ContainsAny(literal, "{}*=") {
			return route{}, fmt.Errorf("path %s: gateways know variables of one segment only, such as {post_id}", template)
		}
	}
	if len(literals) == 1 {
		return route{Exact: template}, nil
	}
	for i, literal := range literals {
		literals[i] = regexp.QuoteMeta(literal)
	}
	return route{Pattern: strings.Join(literals, segment)}, nil
}

// samplePaths are paths of a service that a caller may ask for.
func samplePaths(s service) []string {
	var paths []string
	for _, call := range s.RPCs {
		paths = append(paths, call.Procedure)
		for _, rest := range call.REST {
			paths = append(paths, variable.ReplaceAllString(rest.Path, "42"))
		}
	}
	for _, pattern := range s.Routes {
		_, path, _ := strings.Cut(pattern, " ")
		paths = append(paths, variable.ReplaceAllString(path, "42"))
	}
	return paths
}

// checkDisjoint fails unless each path of each service takes exactly one route, and that to the service.
func checkDisjoint(l layout, table []route) error {
	for _, s := range l.Services {
		for _, path := range samplePaths(s) {
			var services []string
			for _, r := range table {
				if r.matches(path) {
					services = append(services, r.Service)
				}
			}
			if !slices.Equal(services, []string{s.Name}) {
				return fmt.Errorf("%s of service %s is routed to %q: give it a path of its own", path, s.Name, services)
			}
		}
	}
	return nil
}

// of answers the routes of one service.
func of(table []route, service string) []route {
	return slices.DeleteFunc(slices.Clone(table), func(r route) bool { return r.Service != service })
}
