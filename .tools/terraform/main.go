// Command terraform checks the Terraform modules below a folder without a provider's schema: that each file is formatted
// and parses, that variables and outputs are described, that nothing is declared in vain, that every reference is to
// something declared, that providers are pinned, and that all modules have the same outputs.
//
//	GOWORK=off go -C .tools/terraform run . ../../deploy/terraform
//	GOWORK=off go -C .tools/terraform run . -w ../../deploy/terraform # only writes the format
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

func main() {
	write := flag.Bool("w", false, "write the format instead of checking")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: terraform [-w] FOLDER")
		os.Exit(2)
	}
	if *write {
		exitOn(format(flag.Arg(0)))
		return
	}
	problems, files, err := check(flag.Arg(0))
	exitOn(err)
	for _, problem := range problems {
		fmt.Fprintln(os.Stderr, problem)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
	fmt.Printf("%d files of Terraform are sound\n", files)
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "terraform:", err)
		os.Exit(1)
	}
}

// sources are the files of the modules in the folders of a folder.
func sources(folder string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*", "*.tf"))
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("%s has no modules", folder)
	}
	return paths, err
}

// format writes every file as it is formatted.
func format(folder string) error {
	paths, err := sources(folder)
	if err != nil {
		return err
	}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, hclwrite.Format(raw), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// check answers what is wrong with the modules in the folders of a folder, and how many files it has read.
func check(folder string) (problems []string, files int, err error) {
	paths, err := sources(folder)
	if err != nil {
		return nil, 0, err
	}
	modules := map[string]*module{}
	for _, path := range paths {
		name := filepath.Base(filepath.Dir(path))
		if modules[name] == nil {
			modules[name] = newModule()
		}
		wrong, err := modules[name].read(path)
		if err != nil {
			return nil, 0, err
		}
		problems = append(problems, wrong...)
	}
	for name, m := range modules {
		for _, problem := range m.problems() {
			problems = append(problems, name+": "+problem)
		}
	}
	slices.Sort(problems)
	return append(problems, differences(modules)...), len(paths), nil
}

// read adds a file to the module.
func (m *module) read(path string) (problems []string, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file, diagnostics := hclsyntax.ParseConfig(raw, path, startOfFile)
	if diagnostics.HasErrors() {
		return []string{diagnostics.Error()}, nil
	}
	if !bytes.Equal(hclwrite.Format(raw), raw) {
		problems = append(problems, path+": not formatted: run task fmt:terraform")
	}
	m.add(file.Body.(*hclsyntax.Body))
	return problems, nil
}

// differences tells which outputs some modules have and others lack: what installs the chart asks each for the same.
func differences(modules map[string]*module) (problems []string) {
	has := map[string][]string{}
	for name, m := range modules {
		for output := range m.outputs {
			has[output] = append(has[output], name)
		}
	}
	for output, names := range has {
		if len(names) < len(modules) {
			slices.Sort(names)
			problems = append(problems, fmt.Sprintf("output.%s: only in %s: every module has the same outputs", output, strings.Join(names, ", ")))
		}
	}
	slices.Sort(problems)
	return problems
}
