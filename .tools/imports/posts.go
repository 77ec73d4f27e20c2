package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// postReaders may read posts past package visibility: files and folders, and why. Everybody else either asks the package,
// or has visibility.SeenPosts in the query itself.
var postReaders = map[string]string{
	"services/internal/engagement":   "answers what a person has done with posts, and nothing of these",
	"services/internal/invariant":    "compares what is stored, and answers no text",
	"services/internal/visibility":   "it is what decides",
	"services/notification/posts.go": "finds whom posts concern; visibility.Sights is asked before anybody is told",
	"services/post/addressed.go":     "finds whom a reply is for already; nobody is answered anything of the post",
	"services/post/erase.go":         "erases the posts of a deleted account",
	"services/post/thread.go":        "climbs to the ids above a post; visibility is asked about each",
	"services/realtime/posts.go":     "logs ids; visibility is asked about each when it is told",
	"services/search/index.go":       "indexes posts whoever may see them; visibility is asked of what is found",
	"services/search/posts.go":       "has visibility.SeenPosts in what is findable",
	"services/search/rebuild.go":     "indexes posts whoever may see them; visibility is asked of what is found",
	"services/search/tags.go":        "has visibility.SeenPosts in what is findable",
	"services/timeline/fanout.go":    "answers nobody; visibility is asked about each post of a list when it is read",
	"services/timeline/followed.go":  "answers ids; visibility is asked about each when it is read",
	"services/timeline/merged.go":    "answers ids for all readers; visibility is asked about each when it is read",
	"services/timeline/trends.go":    "finds ids to look at again, of which visibility.SeenPosts tells those that count",
}

// checkPosts returns one line for each read of posts that neither asks visibility nor may do without, and for each
// exception that nobody needs.
func checkPosts(root fs.FS) ([]string, error) {
	var out []string
	needed := map[string]bool{}
	err := fs.WalkDir(root, "services", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skipped(entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		found, err := readsIn(root, name)
		if err != nil || len(found) == 0 {
			return err
		}
		for _, allowed := range []string{name, path.Dir(name)} {
			if postReaders[allowed] != "" {
				needed[allowed] = true
				return nil
			}
		}
		out = append(out, found...)
		return nil
	})
	for _, allowed := range slices.Sorted(maps.Keys(postReaders)) {
		if !needed[allowed] {
			out = append(out, allowed+": may read posts past visibility, and does not: take it out of postReaders")
		}
	}
	return out, err
}

// readsIn finds the reads of posts in a file that visibility is not asked about.
func readsIn(root fs.FS, name string) ([]string, error) {
	source, err := fs.ReadFile(root, name)
	if err != nil {
		return nil, err
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	finder := &readFinder{posts: localName(file, "ent/post")}
	ast.Walk(finder, file)
	out := make([]string, len(finder.found))
	for i, read := range finder.found {
		out[i] = fmt.Sprintf("%s: %s: ask package visibility, or put visibility.SeenPosts into the query", files.Position(read.at), read.what)
	}
	return out, nil
}

// localName is what a file calls a package of ours that it imports, empty when it does not.
func localName(file *ast.File, folder string) string {
	for _, spec := range file.Imports {
		if imported, err := strconv.Unquote(spec.Path.Value); err != nil || imported != root+"/"+folder {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(folder)
	}
	return ""
}

// readFinder collects reads of posts. It knows where in the tree it is.
type readFinder struct {
	posts   string // what the file calls package ent/post
	parents []ast.Node
	found   []read
}

type read struct {
	at   token.Pos
	what string
}

// readingSQL is a statement that reads posts.
var readingSQL = regexp.MustCompile(`(?i)\b(from|join)\s+["` + "`" + `]?posts\b`)

// Visit implements [ast.Visitor].
func (f *readFinder) Visit(node ast.Node) ast.Visitor {
	if node == nil {
		f.parents = f.parents[:len(f.parents)-1]
		return nil
	}
	switch n := node.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && readingSQL.MatchString(text) {
			f.found = append(f.found, read{n.Pos(), "a statement reads posts"})
		}
	case *ast.SelectorExpr:
		f.selector(n)
	}
	f.parents = append(f.parents, node)
	return f
}

// selector looks at x.Post.Query, x.Post.Get and the like, and at post.Table.
func (f *readFinder) selector(n *ast.SelectorExpr) {
	if of, ok := n.X.(*ast.Ident); ok && f.posts != "" && of.Name == f.posts && n.Sel.Name == "Table" {
		if !seen(f.statement()) {
			f.found = append(f.found, read{n.Pos(), "the table of posts is read"})
		}
		return
	}
	of, ok := n.X.(*ast.SelectorExpr)
	if !ok || of.Sel.Name != "Post" {
		return
	}
	switch n.Sel.Name {
	case "Get", "GetX":
		f.found = append(f.found, read{n.Pos(), "Post." + n.Sel.Name + " reads a post"})
	case "Query":
		if !seen(f.chain(n)) {
			f.found = append(f.found, read{n.Pos(), "Post.Query reads posts"})
		}
	}
}

// chain is the whole of the calls that begin with a selector: x.Post.Query().Where(...).All(...).
func (f *readFinder) chain(n ast.Expr) ast.Node {
	for _, parent := range slices.Backward(f.parents) {
		switch p := parent.(type) {
		case *ast.SelectorExpr:
			if p.X != n {
				return n
			}
			n = p
		case *ast.CallExpr:
			if p.Fun != n {
				return n
			}
			n = p
		default:
			return n
		}
	}
	return n
}

// statement is the function that is being looked at: a table is named apart from the conditions on it.
func (f *readFinder) statement() ast.Node {
	for _, parent := range f.parents {
		if fn, ok := parent.(*ast.FuncDecl); ok {
			return fn
		}
	}
	return nil
}

// seen tells whether SeenPosts, or SeenPostsBy, is called within a node.
func seen(node ast.Node) bool {
	found := false
	if node == nil {
		return false
	}
	ast.Inspect(node, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return !found
		}
		if fn, ok := call.Fun.(*ast.SelectorExpr); ok && (fn.Sel.Name == "SeenPosts" || fn.Sel.Name == "SeenPostsBy") {
			found = true
		}
		return !found
	})
	return found
}
