package main

import (
	"fmt"

	"entgo.io/ent/entc/gen"

	"github.com/pulse-social/pulse/ent/ownership"
)

// ownerOf answers the owner of an entity, or an error that says how to give it one.
func ownerOf(t *gen.Type) (string, error) {
	raw, ok := t.Annotations[ownership.Annotation{}.Name()].(map[string]any)
	if !ok {
		return "", fmt.Errorf("entity %s has no owner: add ownership.By(service) to its Mixin", t.Name)
	}
	service, _ := raw["Service"].(string)
	if service == "" {
		return "", fmt.Errorf("entity %s has an empty owner", t.Name)
	}
	return service, nil
}

// checkOwners is a code generation hook. It fails when an entity has no owner or an edge crosses owners: edge mutations
// change the neighbour's row without passing the neighbour's hooks, so an id has to do instead.
func checkOwners(next gen.Generator) gen.Generator {
	return gen.GenerateFunc(func(g *gen.Graph) error {
		for _, t := range g.Nodes {
			owner, err := ownerOf(t)
			if err != nil {
				return err
			}
			for _, e := range t.Edges {
				other, err := ownerOf(e.Type)
				if err != nil {
					return err
				}
				if other != owner {
					return fmt.Errorf("edge %s.%s crosses owners (%s to %s): keep the id in a field instead", t.Name, e.Name, owner, other)
				}
			}
		}
		return next.Generate(g)
	})
}
