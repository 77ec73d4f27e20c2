// Command diff writes the next versioned migration: what the schema has that the migrations so far do not add up to.
//
//	go run ./internal/diff NAME sqlite
//	go run ./internal/diff NAME postgres postgres://user:password@host/empty-database
//
// The database is a scratch one that the earlier migrations are replayed on; SQLite uses memory.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	_ "github.com/jackc/pgx/v5/stdlib" // Driver of the scratch Postgres.
	_ "modernc.org/sqlite"             // Driver of the scratch SQLite.

	"github.com/pulse-social/pulse/ent/migrate"
)

// dialects maps the folder of a database's migrations to ent's name for it.
var dialects = map[string]string{"sqlite": dialect.SQLite, "postgres": dialect.Postgres}

func main() {
	if err := run(context.Background(), "migrations", os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "diff:", err)
		os.Exit(1)
	}
}

// run writes the difference into the folder of a database below dir; when there is none it writes nothing.
func run(ctx context.Context, dir string, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("usage: diff NAME sqlite | diff NAME postgres URL")
	}
	name, database := args[0], args[1]
	driver, url := "sqlite", "file::memory:?_pragma=foreign_keys(1)"
	if database == dialect.Postgres {
		if len(args) < 3 {
			return fmt.Errorf("postgres needs the URL of an empty scratch database")
		}
		driver, url = "pgx", args[2]
	}
	db, err := sql.Open(driver, url)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1) // An in-memory SQLite belongs to its connection.

	files, err := sqltool.NewGooseDir(filepath.Join(dir, database))
	if err != nil {
		return fmt.Errorf("open the migrations for %s: %w", database, err)
	}
	return migrate.NewSchema(entsql.OpenDB(dialects[database], db)).NamedDiff(ctx, name,
		schema.WithDir(files),
		schema.WithMigrationMode(schema.ModeReplay),
		schema.WithDropColumn(true),
		schema.WithDropIndex(true),
		schema.WithFormatter(sqltool.GooseFormatter),
	)
}
