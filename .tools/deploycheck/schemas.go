// Package deploycheck checks what is deployed to Kubernetes: its tests render the Helm chart with every values file, hold the
// result against the schemas of the API server and of the custom resources, and against the layout of the services; and they
// plant errors to see each refused.
package deploycheck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Modules whose files say what manifests may hold. They are downloaded, and nothing of them is built.
const (
	kubernetes         = "k8s.io/kubernetes@v1.37.2"
	gatewayAPI         = "sigs.k8s.io/gateway-api@v1.6.3"
	keda               = "github.com/kedacore/keda/v2@v2.21.0"
	prometheusOperator = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
	istio              = "istio.io/api@v1.31.4"
	externalSecrets    = "github.com/external-secrets/external-secrets@v0.16.2"
)

// crdFiles are the custom resource definitions of those modules, by pattern.
var crdFiles = map[string]string{
	gatewayAPI:         "config/crd/standard/*.yaml",
	keda:               "config/crd/bases/*.yaml",
	prometheusOperator: "example/prometheus-operator-crd/*.yaml",
	istio:              "kubernetes/customresourcedefinitions.gen.yaml",
	externalSecrets:    "config/crds/bases/*.yaml",
}

// CRDs lists the files with the definitions of the custom resources that the chart has.
func CRDs(ctx context.Context) ([]string, error) {
	var files []string
	for module, pattern := range crdFiles {
		folder, err := download(ctx, module)
		if err != nil {
			return nil, err
		}
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil || len(found) == 0 {
			return nil, fmt.Errorf("%s has no %s: another version keeps them elsewhere", module, pattern)
		}
		files = append(files, found...)
	}
	return files, nil
}

// WriteSchemas writes a JSON Schema of each kind into a folder, named as kubeconform looks for them with [SchemaLocation].
func WriteSchemas(ctx context.Context, folder string) error {
	source, err := download(ctx, kubernetes)
	if err != nil {
		return err
	}
	if err := writeCore(filepath.Join(source, "api/openapi-spec/swagger.json"), folder); err != nil {
		return err
	}
	files, err := CRDs(ctx)
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := writeCRDs(file, folder); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// SchemaLocation is how kubeconform finds the schemas in a folder.
func SchemaLocation(folder string) string {
	return filepath.Join(folder, "{{.Group}}_{{.ResourceAPIVersion}}_{{.ResourceKind}}.json")
}

// download answers the folder of a module.
func download(ctx context.Context, module string) (string, error) {
	command := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	out, err := command.Output()
	var answer struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &answer); jsonErr != nil || answer.Dir == "" {
		return "", fmt.Errorf("download %s: %w %s: check the network", module, errors.Join(err, jsonErr), answer.Error)
	}
	return answer.Dir, nil
}

// An Object is a manifest, or a part of one.
type Object = map[string]any

type object = Object

// writeCore writes the schemas of the kinds that an API server has by itself, from its OpenAPI document.
func writeCore(file, folder string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var document struct{ Definitions object }
	if err := json.Unmarshal(raw, &document); err != nil {
		return err
	}
	strict(document.Definitions)
	for name, definition := range document.Definitions {
		for _, id := range kindsOf(definition) {
			needed := object{}
			collect(document.Definitions, name, needed)
			schema := maps.Clone(definition.(object))
			schema["definitions"] = needed
			if err := write(folder, id, schema); err != nil {
				return err
			}
		}
	}
	return nil
}

// A kind is what apiVersion and kind of a manifest say.
type kind struct{ group, version, name string }

// kindsOf lists the kinds that a definition is of. Lists and deletions of many kinds are none that anybody applies.
func kindsOf(definition any) []kind {
	ids, _ := definition.(object)["x-kubernetes-group-version-kind"].([]any)
	if len(ids) != 1 {
		return nil
	}
	id := ids[0].(object)
	return []kind{{id["group"].(string), id["version"].(string), id["kind"].(string)}}
}

// collect adds a definition, and those that it refers to, to needed.
func collect(all object, name string, needed object) {
	if _, done := needed[name]; done {
		return
	}
	needed[name] = all[name]
	references(all[name], func(to string) { collect(all, strings.TrimPrefix(to, "#/definitions/"), needed) })
}

func references(node any, visit func(string)) {
	switch n := node.(type) {
	case object:
		if to, ok := n["$ref"].(string); ok {
			visit(to)
		}
		for _, child := range n {
			references(child, visit)
		}
	case []any:
		for _, child := range n {
			references(child, visit)
		}
	}
}

// writeCRDs writes the schemas of the custom resources that a file defines.
func writeCRDs(file, folder string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	documents, err := Documents(raw)
	if err != nil {
		return err
	}
	for _, document := range documents {
		if document["kind"] != "CustomResourceDefinition" {
			continue
		}
		spec := document["spec"].(object)
		for _, v := range spec["versions"].([]any) {
			version := v.(object)
			schema, ok := version["schema"].(object)["openAPIV3Schema"].(object)
			if !ok {
				return errors.New("a version without a schema")
			}
			strict(schema)
			id := kind{spec["group"].(string), version["name"].(string), spec["names"].(object)["kind"].(string)}
			for field, kind := range map[string]string{"apiVersion": "string", "kind": "string", "metadata": "object"} {
				schema["properties"].(object)[field] = object{"type": kind} // What the server knows by itself.
			}
			if err := write(folder, id, schema); err != nil {
				return err
			}
		}
	}
	return nil
}

// Documents reads YAML documents and leaves empty ones out.
func Documents(raw []byte) ([]Object, error) {
	var documents []Object
	decoder := yaml.NewDecoder(strings.NewReader(string(raw)))
	for {
		var document object
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		if document != nil {
			documents = append(documents, document)
		}
	}
}

// strict makes an OpenAPI schema refuse fields that it does not know, as the server does with strict validation, and makes
// JSON Schema of what OpenAPI of Kubernetes has besides.
func strict(node any) {
	switch n := node.(type) {
	case object:
		if n["x-kubernetes-int-or-string"] == true || n["format"] == "int-or-string" {
			delete(n, "type")
			delete(n, "format")
			n["anyOf"] = []any{object{"type": "integer"}, object{"type": "string"}}
		}
		description, _ := n["description"].(string)
		if n["type"] == "string" && strings.HasPrefix(description, "Quantity is a fixed-point representation") {
			n["type"] = []any{"string", "number"}
		}
		if n["nullable"] == true {
			if t, ok := n["type"].(string); ok {
				n["type"] = []any{t, "null"}
			}
		}
		_, fields := n["properties"].(object)
		_, others := n["additionalProperties"]
		if fields && !others && n["x-kubernetes-preserve-unknown-fields"] != true && n["x-kubernetes-embedded-resource"] != true {
			n["additionalProperties"] = false
		}
		for _, child := range n {
			strict(child)
		}
	case []any:
		for _, child := range n {
			strict(child)
		}
	}
}

func write(folder string, k kind, schema object) error {
	raw, err := json.Marshal(schema)
	if err != nil {
		return err
	}
	if k.group == "" {
		k.group = k.version // What kubeconform calls the group of those that have none.
	}
	name := fmt.Sprintf("%s_%s_%s.json", k.group, k.version, strings.ToLower(k.name))
	return os.WriteFile(filepath.Join(folder, name), raw, 0o600)
}
