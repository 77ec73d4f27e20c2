// Command imports checks who may import whom in Pulse, and who may read posts without asking whether the reader may see
// them (posts.go).
//
// The direction is cmd -> app -> service -> internal -> ent, gen; services never import each other. It reads the import
// lines of every Go file in the workspace, whatever its build tags, so a file that is left out of today's build is
// checked too.
//
//	GOWORK=off go -C .tools run ./imports ..
package main

import (
	"cmp"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: imports <repository root>")
		os.Exit(2)
	}
	root := os.DirFS(os.Args[1])
	violations, err := check(root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "imports:", err)
		os.Exit(2)
	}
	unseen, err := checkPosts(root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "imports:", err)
		os.Exit(2)
	}
	for _, v := range violations {
		fmt.Println(v)
	}
	for _, v := range unseen {
		fmt.Println(v)
	}
	if len(violations) > 0 {
		fmt.Fprintf(os.Stderr, "%d imports against the direction; the rules are in .tools/imports/rules.go\n", len(violations))
	}
	if len(unseen) > 0 {
		fmt.Fprintf(os.Stderr, "%d reads of posts past visibility; the exceptions are in .tools/imports/posts.go\n", len(unseen))
	}
	if len(violations)+len(unseen) > 0 {
		os.Exit(1)
	}
}

// check returns one line for each import that the rules refuse, in the order of the files.
func check(root fs.FS) ([]string, error) {
	var out []string
	for _, module := range modules {
		if _, err := fs.Stat(root, module); err != nil {
			return nil, fmt.Errorf("module folder %s: %w", module, err)
		}
		err := fs.WalkDir(root, module, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && skipped(entry.Name()):
				return fs.SkipDir
			case entry.IsDir() || path.Ext(name) != ".go":
				return nil
			}
			found, err := checkFile(root, name)
			out = append(out, found...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// skipped tells the folders that the go command does not look into, and the packages of the web client.
func skipped(folder string) bool {
	return strings.HasPrefix(folder, ".") || strings.HasPrefix(folder, "_") || folder == "testdata" || folder == "node_modules"
}

func checkFile(root fs.FS, name string) ([]string, error) {
	source, err := fs.ReadFile(root, name)
	if err != nil {
		return nil, err
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", files.Position(spec.Pos()), err)
		}
		if reason := refuse(name, imported); reason != "" {
			out = append(out, fmt.Sprintf("%s: %s", files.Position(spec.Pos()), reason))
		}
	}
	return out, nil
}

// refuse tells why the file may not import the package; it is empty when it may.
func refuse(file, imported string) string {
	target, ours := strings.CutPrefix(imported, root+"/")
	if !ours {
		return ""
	}
	folder := path.Dir(file)
	from, to := layerOf(folder), layerOf(target)
	if from == to {
		return ""
	}
	allowed := slices.Clone(rules[from.kind].may)
	if strings.HasSuffix(file, "_test.go") {
		allowed = append(allowed, rules[from.kind].testsMay...)
	}
	if slices.Contains(allowed, to.kind) {
		return ""
	}
	return fmt.Sprintf("%s imports %s: %s may import %s",
		folder, target, from, cmp.Or(strings.Join(names(allowed), ", "), "nothing of ours"))
}

func names(kinds []kind) []string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = string(k)
	}
	return out
}
