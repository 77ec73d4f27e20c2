// Package gen holds what is generated from the schema; this file makes the OpenAPI document part of programs.
package gen

import _ "embed"

// OpenAPI is the description of the API for tools that read OpenAPI 3.1, in YAML.
//
//go:embed openapi/pulse.openapi.yaml
var OpenAPI []byte
