package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/services/internal/cause"
)

// Role is the Postgres role that may do what a service may. It cannot log in: who is its member can.
func Role(service string) string { return "pulse_" + service }

// GrantRoles makes a role of each service on Postgres, and lets it do what [ownership.Guard] lets the service do and no
// more: read everything but the secrets of others, and change what the service and this package own. What a role could
// do to Pulse's tables before is forgotten, so it can be run again, and has to be after each migration that adds a table.
func (s *Store) GrantRoles(ctx context.Context, services []string) error {
	if s.engine != enginePostgres {
		return errors.New("PULSE_DATABASE_URL is SQLite, which has no roles: use --roles with Postgres")
	}
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // Nothing is left to roll back after the commit.
	var schema string
	// Two that grant at once would fail over each other's rows of the catalog.
	err = tx.QueryRowContext(ctx, `SELECT current_schema() FROM pg_advisory_xact_lock(hashtext('pulse migrate --roles'))`).Scan(&schema)
	if err != nil {
		return fmt.Errorf("wait for another process that grants: %w", err)
	}
	for _, service := range services {
		for _, statement := range grants(schema, service) {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return grantError(Role(service), err)
			}
		}
	}
	return tx.Commit()
}

// grantError says what the user lacks.
func grantError(role string, err error) error {
	if isPostgresCode(err, insufficientPrivilege) {
		return fmt.Errorf("PULSE_DATABASE_URL: its user cannot make and grant the role %s (%w): name the owner of the tables, with the right CREATEROLE", role, cause.Of(err))
	}
	return fmt.Errorf("grant the role %s: %w", role, err)
}

// grants are the statements that make a service's role and say what it may do.
func grants(schema, service string) []string {
	role, in := quoted(Role(service)), quoted(schema)
	readable, writable := []string{quoted(schema, versionTable)}, []string{}
	for _, entity := range slices.Sorted(maps.Keys(ent.Owners)) {
		of := ent.Owners[entity]
		table := quoted(schema, of.Table)
		if !of.Secret || of.Service == service {
			readable = append(readable, table)
		}
		if of.Service == service || of.Service == owner {
			writable = append(writable, table)
		}
	}
	return []string{
		// Roles belong to all databases of a server; another one may make the same at this moment.
		`DO $$ BEGIN
			IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '` + Role(service) + `') THEN CREATE ROLE ` + role + ` NOLOGIN; END IF;
		EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
		`GRANT USAGE ON SCHEMA ` + in + ` TO ` + role,
		`REVOKE ALL ON ALL TABLES IN SCHEMA ` + in + ` FROM ` + role,
		`GRANT SELECT ON ` + strings.Join(readable, ", ") + ` TO ` + role,
		`GRANT INSERT, UPDATE, DELETE ON ` + strings.Join(writable, ", ") + ` TO ` + role,
	}
}

func quoted(name ...string) string { return pgx.Identifier(name).Sanitize() }
