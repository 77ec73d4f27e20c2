package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// schema is a part of Kong's, in the draft that Kong's is written in.
const schema = `{
  "$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "additionalProperties": false,
  "properties": {"_format_version": {"type": "string"}, "services": {"type": "array", "items": {"$ref": "#/definitions/S"}}},
  "definitions": {"S": {"type": "object", "additionalProperties": false, "required": ["name"],
    "properties": {"name": {"type": "string"}, "port": {"type": "integer"}}}}
}`

func TestErrorsAreFound(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	of := write("schema.json", schema)
	for config, want := range map[string]string{
		"_format_version: \"3.0\"\nservices: [{name: a, port: 8080}]\n": "",
		"_format_version: 3.0\n":         "/_format_version",
		"services: [{port: 1}]\n":        "name",
		"services: [{name: a, prot: 1}]": "prot",
		"servces: []\n":                  "servces",
		"services: [\n":                  "yaml",
		"":                               "empty",
	} {
		err := check(of, write("kong.yaml", config))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", config, err, want)
		}
	}
}
