// Command diff writes the next versioned migration: what the schema has that the migrations so far do not add up to.
//
//	go run ./internal/diff NAME sqlite
//	go run ./internal/diff NAME postgres postgres://user:password@host/empty-database
//	go run ./internal/diff sum
//
// The database is a scratch one that the earlier migrations are replayed on; SQLite uses memory. The last form writes no
// migration, but what Atlas knows the files by, anew: after two branches with a migration each were merged, or one was completed by hand.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	atlas "ariga.io/atlas/sql/migrate"
	atlasschema "ariga.io/atlas/sql/schema"
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
	if len(args) == 1 && args[0] == "sum" {
		return errors.Join(sum(filepath.Join(dir, "sqlite")), sum(filepath.Join(dir, "postgres")))
	}
	if len(args) < 2 {
		return fmt.Errorf("usage: diff NAME sqlite | diff NAME postgres URL | diff sum")
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
		schema.WithDiffHook(keepHandWritten),
	)
}

// handWritten is in the names of what migrations make by hand because ent's schema cannot say it: full-text tables and
// indexes.
const handWritten = "_fts"

// keepHandWritten leaves what is written by hand out of the difference, which would drop it.
func keepHandWritten(next schema.Differ) schema.Differ {
	return schema.DiffFunc(func(current, desired *atlasschema.Schema) ([]atlasschema.Change, error) {
		current.Tables = slices.DeleteFunc(current.Tables, func(t *atlasschema.Table) bool { return strings.Contains(t.Name, handWritten) })
		for _, table := range current.Tables {
			table.Indexes = slices.DeleteFunc(table.Indexes, func(i *atlasschema.Index) bool { return strings.Contains(i.Name, handWritten) })
		}
		return next.Diff(current, desired)
	})
}

// sum writes the checksums of a folder of migrations.
func sum(dir string) error {
	files, err := sqltool.NewGooseDir(dir)
	if err != nil {
		return err
	}
	checksums, err := files.Checksum()
	if err != nil {
		return err
	}
	return atlas.WriteSumFile(files, checksums)
}
