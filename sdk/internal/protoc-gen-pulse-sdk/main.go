// Protoc-gen-pulse-sdk writes the part of the Go SDK that follows from the schema: the fields of pulse.Client, one for
// each service, and its methods that range over the pages of a list.
package main

import (
	"fmt"
	"io"
	"text/template"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

func main() {
	protogen.Options{}.Run(generate)
}

func generate(plugin *protogen.Plugin) error {
	plugin.SupportedFeatures = uint64(pluginpb.CodeGeneratorResponse_FEATURE_PROTO3_OPTIONAL) |
		uint64(pluginpb.CodeGeneratorResponse_FEATURE_SUPPORTS_EDITIONS)
	plugin.SupportedEditionsMinimum = descriptorpb.Edition_EDITION_PROTO2
	plugin.SupportedEditionsMaximum = descriptorpb.Edition_EDITION_2024
	schema, err := read(plugin)
	if err != nil {
		return err
	}
	if err := write(plugin, "services.gen.go", servicesTemplate, schema); err != nil {
		return err
	}
	return write(plugin, "pages.gen.go", pagesTemplate, schema)
}

func write(plugin *protogen.Plugin, name string, text *template.Template, schema *schema) error {
	var file io.Writer = plugin.NewGeneratedFile(name, "github.com/pulse-social/pulse/sdk")
	if err := text.Execute(file, schema); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
