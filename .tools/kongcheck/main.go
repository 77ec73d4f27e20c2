// Command kongcheck checks a declarative configuration of Kong with Kong's JSON schema for such files, which knows services,
// routes and plugins but not the settings of each plugin.
//
//	go -C .tools run ./kongcheck kong-declarative.schema.json ../deploy/kong/kong.yaml
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: kongcheck SCHEMA FILE")
		os.Exit(2)
	}
	if err := check(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "kongcheck:", err)
		os.Exit(1)
	}
}

// check answers what in a file is not as the schema says.
func check(schema, file string) error {
	compiled, err := jsonschema.NewCompiler().Compile(schema)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var config any
	if err := yaml.Unmarshal(raw, &config); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	// By JSON, whose types the schema is about.
	asJSON, err := json.Marshal(config)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := json.Unmarshal(asJSON, &config); err != nil {
		return err
	}
	if config == nil {
		return errors.New(file + " is empty")
	}
	return compiled.Validate(config)
}
