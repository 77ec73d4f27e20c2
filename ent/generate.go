// Package ent is the data layer that all services share: the schema, the code that entgo.io/ent generates from it, and
// the versioned migrations for SQLite and Postgres. Every entity names the service that owns it; only that service may
// change it (see package ownership), every service may read it.
package ent

//go:generate go run ./internal/codegen
