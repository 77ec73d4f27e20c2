package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

var startOfFile = hcl.InitialPos

// module is what the files of one folder declare and refer to.
type module struct {
	// declared are addresses such as var.name, local.tags, data.aws_region.current and aws_eks_cluster.pulse.
	declared map[string]bool
	// used are the addresses that are referred to, each with a place.
	used map[string]hcl.Range
	// blocks are the attributes of variables and outputs by address.
	blocks map[string]hclsyntax.Attributes
	// outputs are the names of the outputs.
	outputs map[string]bool
	// providers are the versions that required_providers asks for; kinds are the first words of the resources' types.
	providers, kinds map[string]string
	pinned           bool
}

func newModule() *module {
	return &module{
		declared: map[string]bool{}, used: map[string]hcl.Range{}, blocks: map[string]hclsyntax.Attributes{}, outputs: map[string]bool{},
		providers: map[string]string{}, kinds: map[string]string{},
	}
}

// add takes in the blocks of a file.
func (m *module) add(body *hclsyntax.Body) {
	for _, block := range body.Blocks {
		m.declare(block)
		switch block.Type {
		case "terraform", "variable": // Their words are the language's.
		default:
			m.refer(block.Body)
		}
	}
}

func (m *module) declare(block *hclsyntax.Block) {
	address := strings.Join(block.Labels, ".")
	switch block.Type {
	case "variable":
		m.declared["var."+address] = true
		m.blocks["var."+address] = block.Body.Attributes
	case "output":
		m.outputs[address] = true
		m.blocks["output."+address] = block.Body.Attributes
	case "locals":
		for name := range block.Body.Attributes {
			m.declared["local."+name] = true
		}
	case "data":
		m.declared["data."+address] = true
		m.kinds[kind(block.Labels[0])] = "data." + address
	case "resource":
		m.declared[address] = true
		m.kinds[kind(block.Labels[0])] = address
	case "terraform":
		m.require(block.Body)
	}
}

// kind is the first word of a resource's type, which is its provider's name.
func kind(resource string) string {
	first, _, _ := strings.Cut(resource, "_")
	return first
}

// exact is a version that names one release.
var exact = regexp.MustCompile(`^\d+\.\d+\.\d+$`)

// require reads the block terraform.
func (m *module) require(body *hclsyntax.Body) {
	_, m.pinned = body.Attributes["required_version"]
	for _, block := range body.Blocks {
		if block.Type != "required_providers" {
			continue
		}
		for name, attribute := range block.Body.Attributes {
			value, _ := attribute.Expr.Value(nil)
			if value.Type().IsObjectType() && value.Type().HasAttribute("version") {
				m.providers[name] = value.GetAttr("version").AsString()
			} else {
				m.providers[name] = ""
			}
		}
	}
}

// refer notes every reference of a block and the blocks in it.
func (m *module) refer(body *hclsyntax.Body) {
	for _, attribute := range body.Attributes {
		for _, traversal := range attribute.Expr.Variables() {
			if address := addressOf(traversal); address != "" {
				m.used[address] = traversal.SourceRange()
			}
		}
	}
	for _, block := range body.Blocks {
		m.refer(block.Body)
	}
}

// addressOf is the address that a reference is to; empty for what the language itself provides.
func addressOf(traversal hcl.Traversal) string {
	parts := []string{traversal.RootName()}
	switch parts[0] {
	case "each", "count", "self", "path", "terraform":
		return ""
	}
	length := 2
	if parts[0] == "data" {
		length = 3
	}
	for _, step := range traversal[1:min(length, len(traversal))] {
		if attribute, ok := step.(hcl.TraverseAttr); ok {
			parts = append(parts, attribute.Name)
		}
	}
	return strings.Join(parts, ".")
}

// problems tells what is wrong with the module.
func (m *module) problems() (problems []string) {
	for address, at := range m.used {
		if !m.declared[address] {
			problems = append(problems, fmt.Sprintf("%s: %s is not declared", at, address))
		}
	}
	for address := range m.declared {
		if _, used := m.used[address]; !used && (strings.HasPrefix(address, "var.") || strings.HasPrefix(address, "local.") || strings.HasPrefix(address, "data.")) {
			problems = append(problems, address+": nothing uses it")
		}
	}
	for address, attributes := range m.blocks {
		wanted := []string{"description"}
		if strings.HasPrefix(address, "var.") {
			wanted = append(wanted, "type")
		} else {
			wanted = append(wanted, "value")
		}
		for _, name := range wanted {
			if attributes[name] == nil {
				problems = append(problems, fmt.Sprintf("%s: has no %s", address, name))
			}
		}
	}
	return append(problems, m.versions()...)
}

// versions tells which versions are not pinned.
func (m *module) versions() (problems []string) {
	if !m.pinned {
		problems = append(problems, "terraform: has no required_version")
	}
	for name, version := range m.providers {
		if !exact.MatchString(version) {
			problems = append(problems, fmt.Sprintf("required_providers.%s: version %q is not one release", name, version))
		}
	}
	for name, address := range m.kinds {
		if _, ok := m.providers[name]; !ok {
			problems = append(problems, fmt.Sprintf("%s: the provider %s is not among required_providers", address, name))
		}
	}
	slices.Sort(problems)
	return problems
}
