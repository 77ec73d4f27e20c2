package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestCheckPosts(t *testing.T) {
	const head = "package a\nimport entpost \"github.com/pulse-social/pulse/ent/post\"\n"
	for name, test := range map[string]struct {
		body    string
		refused string
	}{
		"a query":                     {"func f() { db.Post.Query().All(ctx) }", "Post.Query"},
		"a query of many lines":       {"func f() {\n\th.db.Post.Query().\n\t\tWhere(entpost.ID(1)).\n\t\tOnly(ctx)\n}", "Post.Query"},
		"a query that asks":           {"func f() { db.Post.Query().Where(entpost.ID(1), visibility.SeenPosts(v)).All(ctx) }", ""},
		"a query beside one":          {"func f() { visibility.SeenPosts(v); db.Post.Query().All(ctx) }", "Post.Query"},
		"a query that is an argument": {"func f() { g(visibility.SeenPosts(v), db.Post.Query()) }", "Post.Query"},
		"a query that names it":       {"func f() { db.Post.Query().Where(SeenPosts).All(ctx) }", "Post.Query"},
		"a post by id":                {"func f() { tx.Post.Get(ctx, 1) }", "Post.Get"},
		"a post by id or panic":       {"func f() { tx.Post.GetX(ctx, 1) }", "Post.GetX"},
		"a method as a value":         {"func f() { g(tx.Post.Get) }", "Post.Get"},
		"a change":                    {"func f() { tx.Post.Update().Exec(ctx); tx.Post.Create(); tx.Post.DeleteOneID(1) }", ""},
		"another entity":              {"func f() { db.PostCount.Query().All(ctx); db.Like.Get(ctx, 1) }", ""},
		"the table":                   {"func f() { t := entsql.Table(entpost.Table); _ = t }", "the table"},
		"the table, asked":            {"func f() { t := entsql.Table(entpost.Table); q.Where(visibility.SeenPosts(v)); _ = t }", ""},
		"the table, asked for many":   {"func f() { t := entsql.Table(entpost.Table); visibility.SeenPostsBy(c)(q); _ = t }", ""},
		"a statement":                 {"const q = `SELECT id\n\tFROM posts WHERE author_id = $1`", "a statement"},
		"a join":                      {"const q = \"SELECT 1 FROM likes l join \\\"posts\\\" p\"", "a statement"},
		"another table":               {"const q = `SELECT id FROM posts_archive, post_counts`", ""},
		"words":                       {"const q = `answers posts from follows`", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readsIn(fstest.MapFS{"a.go": {Data: []byte(head + test.body)}}, "a.go")
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case test.refused == "" && len(got) > 0:
				t.Errorf("refused: %v", got)
			case test.refused != "" && (len(got) != 1 || !strings.Contains(got[0], test.refused) || !strings.HasPrefix(got[0], "a.go:")):
				t.Errorf("got %q, want one that says %q", got, test.refused)
			}
		})
	}
}

// TestPlantedReads puts a read into each place, and takes one exception's away.
func TestPlantedReads(t *testing.T) {
	read := &fstest.MapFile{Data: []byte("package a\nfunc f() { db.Post.Get(ctx, 1) }")}
	files := fstest.MapFS{
		"services/post/get.go":      read,
		"services/post/get_test.go": read,
		"services/testdata/a.go":    read,
		"services/post/a.txt":       read,
	}
	exceptions := slices.Sorted(maps.Keys(postReaders))
	for _, allowed := range exceptions[1:] {
		if !strings.HasSuffix(allowed, ".go") {
			allowed += "/a.go"
		}
		files[allowed] = read
	}
	got, err := checkPosts(files)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || !strings.HasPrefix(got[0], "services/post/get.go:2:12: Post.Get") || !strings.HasPrefix(got[1], exceptions[0]+": ") {
		t.Errorf("got\n%s\nwant the read in get.go and the exception that nobody needs", strings.Join(got, "\n"))
	}
}
