// Command codegen writes package ent from the schema, after checking who owns what.
package main

import (
	"log"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
)

// ownersTemplate writes the map from entity to owner that ownership.Guard takes.
const ownersTemplate = `{{ define "owners" }}
{{ with extend $ "Package" "ent" }}{{ template "header" . }}{{ end }}
import "github.com/pulse-social/pulse/ent/ownership"

// Owners says whose each entity is.
var Owners = map[string]ownership.Owner{
{{- range $n := $.Nodes }}{{ $owner := index $n.Annotations "Owner" }}
	Type{{ $n.Name }}: {Service: {{ printf "%q" $owner.Service }}{{ if $owner.Secret }}, Secret: true{{ end }}{{ if $owner.AppendOnly }}, AppendOnly: true{{ end }}, Table: {{ printf "%q" $n.Table }}},
{{- end }}
}
{{ end }}`

// amongTemplate takes the place of what ent writes for the operators of ids and fields, so that In and NotIn of numbers are those of
// package among. Ids are numbers; so are fields of 64 bits.
const amongTemplate = `
{{ define "import/additional/among" }}
{{ if ne $.Config.Package $.Package }}"{{ $.Config.Package }}/among"{{ end }}
{{ end }}

{{ define "dialect/sql/predicate/id/ops" -}}
	{{- $op := $.Scope.Op -}}
	{{ if and $op.Variadic (eq $.ID.Type.String "int64") }}among.{{ else }}sql.Field{{ end }}{{ call $.Scope.Storage.OpCode $op -}}
	({{ $.ID.Constant }}{{ if not $op.Niladic }}, {{ if $op.Variadic }}ids...{{ else }}id{{ end }}{{ end }})
{{- end }}

{{ define "dialect/sql/predicate/field/ops" -}}
	{{- $f := $.Scope.Field -}}
	{{- $op := $.Scope.Op -}}
	{{ if and $op.Variadic (eq $f.Type.String "int64") }}among.{{ else }}sql.Field{{ end }}{{ call $.Scope.Storage.OpCode $op -}}
	({{ $f.Constant }}{{ if not $op.Niladic }}, {{ $.Scope.Arg }}{{ if $op.Variadic }}...{{ end }}{{ end }})
{{- end }}`

// onTemplate writes what has a client work with another driver.
const onTemplate = `{{ define "on" }}
{{ with extend $ "Package" "ent" }}{{ template "header" . }}{{ end }}
import "entgo.io/ent/dialect"

// On answers the client on another driver, such as a transaction that was begun without it. The hooks are the client's own: to add
// them to a client for each transaction costs more than all else about it.
func (c *Client) On(driver dialect.Driver) *Client {
	cfg := c.config
	cfg.driver = driver
	client := &Client{config: cfg}
	client.init()
	return client
}
{{ end }}`

func main() {
	if err := generate("./schema", "."); err != nil {
		log.Fatalf("generate ent: %v", err)
	}
}

// generate writes the code for the schema in one folder into another.
func generate(schema, target string) error {
	return entc.Generate(schema, &gen.Config{
		Package:  "github.com/pulse-social/pulse/ent",
		Target:   target,
		Features: []gen.Feature{gen.FeatureUpsert, gen.FeatureModifier, gen.FeatureVersionedMigration, gen.FeatureExecQuery, gen.FeatureLock},
		Hooks:    []gen.Hook{checkOwners},
		Templates: []*gen.Template{
			gen.MustParse(gen.NewTemplate("owners").Parse(ownersTemplate)),
			gen.MustParse(gen.NewTemplate("among").Parse(amongTemplate)),
			gen.MustParse(gen.NewTemplate("on").Parse(onTemplate)),
		},
	})
}
