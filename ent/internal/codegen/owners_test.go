package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// schemaWith is a schema of two entities, with the given mixins and edge.
func schemaWith(catMixin, dogMixin, edges string) string {
	return `package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"

	"github.com/pulse-social/pulse/ent/ownership"
)

var _ = ownership.By
var _ = edge.To

type Cat struct{ ent.Schema }

func (Cat) Mixin() []ent.Mixin { return []ent.Mixin{` + catMixin + `} }
func (Cat) Edges() []ent.Edge  { return []ent.Edge{` + edges + `} }

type Dog struct{ ent.Schema }

func (Dog) Mixin() []ent.Mixin { return []ent.Mixin{` + dogMixin + `} }
`
}

func TestGenerationKeepsOwnersApart(t *testing.T) {
	for name, c := range map[string]struct{ schema, want string }{
		"edge across owners": {
			schemaWith(`ownership.By("post")`, `ownership.By("graph")`, `edge.To("dogs", Dog.Type)`),
			"edge Cat.dogs crosses owners (post to graph): keep the id in a field instead",
		},
		"no owner": {
			schemaWith(`ownership.By("post")`, ``, ``),
			"entity Dog has no owner: add ownership.By(service) to its Mixin",
		},
		"edge of one owner": {
			schemaWith(`ownership.By("post")`, `ownership.By("post")`, `edge.To("dogs", Dog.Type)`),
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, err := os.MkdirTemp(".", "testschema") //nolint:usetesting // ent loads the schema as a package of this module.
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			if err := os.WriteFile(filepath.Join(dir, "schema.go"), []byte(c.schema), 0o600); err != nil {
				t.Fatal(err)
			}
			err = generate("./"+dir, t.TempDir())
			switch {
			case c.want == "" && err != nil:
				t.Errorf("got %v, want no error", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
