package main

import (
	"errors"
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
	for name, c := range map[string]struct{ schema, want, owner string }{
		"edge across owners": {
			schemaWith(`ownership.By("post")`, `ownership.By("graph")`, `edge.To("dogs", Dog.Type)`),
			"edge Cat.dogs crosses owners (post to graph): keep the id in a field instead",
			"",
		},
		"no owner": {
			schemaWith(`ownership.By("post")`, ``, ``),
			"entity Dog has no owner: add ownership.By(service) to its Mixin",
			"",
		},
		"edge of one owner": {
			schemaWith(`ownership.By("post")`, `ownership.By("post")`, `edge.To("dogs", Dog.Type)`),
			"",
			`TypeCat: {Service: "post", Table: "cats"}`,
		},
		"secret": {
			schemaWith(`ownership.SecretOf("post")`, `ownership.By("graph")`, ``),
			"",
			`TypeCat: {Service: "post", Secret: true, Table: "cats"}`,
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
			target := t.TempDir()
			err = generate("./"+dir, target)
			switch {
			case c.want == "":
				owners, readErr := os.ReadFile(filepath.Join(target, "owners.go"))
				if err := errors.Join(err, readErr); err != nil || !strings.Contains(string(owners), c.owner) {
					t.Errorf("got %v and %s, want no error and %q", err, owners, c.owner)
				}
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
