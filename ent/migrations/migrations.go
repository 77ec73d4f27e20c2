// Package migrations holds the versioned migrations of the schema, one folder per database. They are written by
// `task migration NAME=...` from the difference between the schema and what the earlier ones add up to, and are never
// edited once released.
package migrations

import "embed"

// SQLite holds the migrations for SQLite, in the folder sqlite.
//
//go:embed sqlite/*.sql
var SQLite embed.FS

// Postgres holds the migrations for Postgres, in the folder postgres.
//
//go:embed postgres/*.sql
var Postgres embed.FS
