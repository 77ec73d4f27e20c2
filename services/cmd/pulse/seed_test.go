package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSeedRefuses has nothing sent: nothing listens at the address.
func TestSeedRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	graph := filepath.Join(dir, "friends.txt")
	if err := os.WriteFile(graph, []byte("# friends\n1 2\n1 2 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing.txt")
	for name, c := range map[string]struct {
		command seedCommand
		want    string
	}{
		"broken list":    {seedCommand{Graph: graph, Concurrency: 1}, graph + ":3: want two whole numbers, got 3 fields"},
		"no list":        {seedCommand{Graph: missing, Concurrency: 1}, "--graph " + missing + ": no such file or directory"},
		"posts":          {seedCommand{Graph: graph, Posts: -1, Concurrency: 1}, "--posts -1: give 0 or more"},
		"no concurrency": {seedCommand{Graph: graph}, "--concurrency 0: give 1 or more"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := c.command.Run(t.Context()); err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
