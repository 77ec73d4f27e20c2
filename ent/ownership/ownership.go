// Package ownership gives every entity of the shared schema one owning service, and keeps it that way: code generation
// refuses an edge between entities of different owners (ent/internal/codegen), [Guard] refuses a mutation by anyone but the
// owner, and so does Postgres, with the roles that pulse migrate --roles makes of the same map.
package ownership

import (
	"context"
	"fmt"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/mixin"
)

// Annotation names the service that owns an entity.
type Annotation struct {
	// Service is the owner's name as in the catalog of services.
	Service string
	// Secret tells that nobody but the owner may even read the entity.
	Secret bool
	// AppendOnly tells that the owner too may only add and read.
	AppendOnly bool
}

// Name implements [schema.Annotation].
func (Annotation) Name() string { return "Owner" }

// By is the mixin that makes service the owner of an entity that every service may read.
func By(service string) ent.Mixin { return owned{annotation: Annotation{Service: service}} }

// SecretOf is the mixin that makes service the owner of an entity that no other may read.
func SecretOf(service string) ent.Mixin {
	return owned{annotation: Annotation{Service: service, Secret: true}}
}

// AppendOnlyBy is the mixin that makes service the owner of an entity that every service may read, and nobody may change or
// delete once it is there.
func AppendOnlyBy(service string) ent.Mixin {
	return owned{annotation: Annotation{Service: service, AppendOnly: true}}
}

type owned struct {
	mixin.Schema
	annotation Annotation
}

// Annotations implements [ent.Mixin].
func (o owned) Annotations() []schema.Annotation { return []schema.Annotation{o.annotation} }

// An Owner says whose an entity is, in the generated map of package ent.
type Owner struct {
	// Service is the owner's name as in the catalog of services.
	Service string
	// Secret tells that nobody but the owner may even read the entity.
	Secret bool
	// AppendOnly tells that the owner too may only add and read.
	AppendOnly bool
	// Table is where the database keeps the entity.
	Table string
}

// A ForeignMutationError tells that a service tried to change an entity of another.
type ForeignMutationError struct {
	// Entity is the ent type that was to be changed.
	Entity string
	// Owner is the service that may change it.
	Owner string
	// Service is the one that tried.
	Service string
}

// Error implements error.
func (e *ForeignMutationError) Error() string {
	return fmt.Sprintf("service %q may not change %s: it belongs to %q", e.Service, e.Entity, e.Owner)
}

// Guard is a client hook that lets service change only what it owns. The owners are the generated map of package ent.
func Guard(service string, owners map[string]Owner) ent.Hook {
	return func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			owner := owners[m.Type()]
			if owner.Service != service {
				return nil, &ForeignMutationError{Entity: m.Type(), Owner: owner.Service, Service: service}
			}
			if owner.AppendOnly && !m.Op().Is(ent.OpCreate) {
				return nil, fmt.Errorf("change of %s, to which can only be added", m.Type())
			}
			return next.Mutate(ctx, m)
		})
	}
}
