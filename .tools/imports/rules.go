package main

import "strings"

// root is the path that all modules of Pulse begin with.
const root = "github.com/pulse-social/pulse"

// modules are the folders that go.work lists.
var modules = []string{"ent", "gen", "sdk", "services"}

// kind is a layer of the program; every package belongs to exactly one.
type kind string

const (
	gen       kind = "gen"
	ent       kind = "ent"
	sdk       kind = "sdk"
	command   kind = "services/cmd"
	app       kind = "services/app"
	service   kind = "a service"
	internal  kind = "services/internal"
	web       kind = "services/web"
	filling   kind = "services/internal, clients of the API"
	pulsetest kind = "services/pulsetest"
	unknown   kind = "a folder outside the modules"
)

// rules say what the packages of a layer may import of ours besides their own layer, and what their tests may import
// on top. A layer that is not named may be imported by nobody, so a new one needs a line here.
var rules = map[kind]struct{ may, testsMay []kind }{
	gen:     {},
	ent:     {},
	sdk:     {may: []kind{gen}},
	command: {may: []kind{app, filling, sdk}, testsMay: []kind{pulsetest, internal, gen}},
	app:     {may: []kind{service, internal, web, ent, gen}, testsMay: []kind{pulsetest, sdk}},
	// Another service is called through its generated client, never imported.
	service:  {may: []kind{internal, ent, gen}, testsMay: []kind{pulsetest, sdk, filling}},
	internal: {may: []kind{ent, gen}},
	// What fills a Pulse or tries it is a client of it, though it lives beside the server's packages; so does what computes
	// from its figures.
	filling: {may: []kind{internal, sdk, gen}, testsMay: []kind{pulsetest}},
	web:     {may: []kind{internal, gen}, testsMay: []kind{pulsetest, sdk}},
	// The real stack inside a test's process; nothing but tests may import it.
	pulsetest: {may: []kind{app, internal, sdk, ent, gen}},
}

// layer is where a package stands. Services are told apart by name: post and user are one kind and two layers.
type layer struct {
	kind kind
	name string
}

func (l layer) String() string {
	if l.kind == service {
		return "service " + l.name
	}
	return string(l.kind)
}

// layerOf places a package by its folder, relative to the repository. Every folder of services that has no meaning of
// its own is a service, so that a new service is under the rules from its first file.
func layerOf(folder string) layer {
	module, rest, _ := strings.Cut(folder, "/")
	switch module {
	case "gen", "ent", "sdk":
		return layer{kind: kind(module)}
	case "services":
	default:
		return layer{kind: unknown}
	}
	switch rest {
	case "internal/bench", "internal/cost", "internal/demo", "internal/edgelist", "internal/progress", "internal/seed",
		"internal/smoke", "internal/topology", "internal/trial":
		return layer{kind: filling}
	}
	switch name, _, _ := strings.Cut(rest, "/"); name {
	case "cmd", "app", "internal", "web", "pulsetest":
		return layer{kind: kind("services/" + name)}
	default:
		return layer{kind: service, name: name}
	}
}
