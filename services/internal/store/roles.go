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

// CheckRights fails when the user of the database may not do what services have to. On SQLite everybody may.
func (s *Store) CheckRights(ctx context.Context, services []string) error {
	if s.engine != enginePostgres {
		return nil
	}
	for _, service := range services {
		_, writable, appendable := rights(service)
		lacking, err := texts(ctx, s.reader, `SELECT name FROM unnest($1::text[]) AS name WHERE NOT (has_table_privilege(name, 'SELECT')
			AND has_table_privilege(name, 'INSERT') AND has_table_privilege(name, 'UPDATE') AND has_table_privilege(name, 'DELETE'))
			UNION ALL SELECT name FROM unnest($2::text[]) AS name WHERE NOT (has_table_privilege(name, 'SELECT') AND has_table_privilege(name, 'INSERT'))`,
			writable, appendable)
		if err != nil {
			return fmt.Errorf("look at the user's rights: %w", err)
		}
		if len(lacking) > 0 {
			return fmt.Errorf("PULSE_DATABASE_URL: its user may not change %s, as service %s does: run pulse migrate --roles, and make the user a member of %s", lacking[0], service, Role(service))
		}
	}
	return nil
}

// rights are the tables that a service may read, those that it may change too, and those that it may only add to.
func rights(service string) (readable, writable, appendable []string) {
	readable = []string{versionTable}
	for _, entity := range slices.Sorted(maps.Keys(ent.Owners)) {
		of := ent.Owners[entity]
		if !of.Secret || of.Service == service {
			readable = append(readable, of.Table)
		}
		switch {
		case of.Service != service && of.Service != owner:
		case of.AppendOnly:
			appendable = append(appendable, of.Table)
		default:
			writable = append(writable, of.Table)
		}
	}
	return readable, writable, appendable
}

// grants are the statements that make a service's role and say what it may do.
func grants(schema, service string) []string {
	role, in := quoted(Role(service)), quoted(schema)
	readable, writable, appendable := rights(service)
	return []string{
		// Roles belong to all databases of a server; another one may make the same at this moment.
		`DO $$ BEGIN
			IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '` + Role(service) + `') THEN CREATE ROLE ` + role + ` NOLOGIN; END IF;
		EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
		`GRANT USAGE ON SCHEMA ` + in + ` TO ` + role,
		`REVOKE ALL ON ALL TABLES IN SCHEMA ` + in + ` FROM ` + role,
		`GRANT SELECT ON ` + list(schema, readable) + ` TO ` + role,
		`GRANT INSERT, UPDATE, DELETE ON ` + list(schema, writable) + ` TO ` + role,
		`GRANT INSERT ON ` + list(schema, appendable) + ` TO ` + role,
	}
}

// list is a list of tables in SQL.
func list(schema string, tables []string) string {
	names := make([]string, len(tables))
	for i, table := range tables {
		names[i] = quoted(schema, table)
	}
	return strings.Join(names, ", ")
}

func quoted(name ...string) string { return pgx.Identifier(name).Sanitize() }
