package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheMigrationsAddUpToTheSchema(t *testing.T) {
	args := [][]string{{"missing", "sqlite"}}
	// A scratch database, empty: its content is replaced.
	if url := os.Getenv("PULSE_TEST_SCRATCH_DATABASE_URL"); url != "" {
		args = append(args, []string{"missing", "postgres", url})
	}
	for _, a := range args {
		t.Run(a[1], func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS("../../migrations")); err != nil {
				t.Fatal(err)
			}
			if err := run(t.Context(), dir, a); err != nil {
				t.Fatal(err)
			}
			missing, err := filepath.Glob(filepath.Join(dir, a[1], "*_missing.sql"))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range missing {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				t.Errorf("the schema has what no migration makes; run task migration:\n%s", text)
			}
		})
	}
}
