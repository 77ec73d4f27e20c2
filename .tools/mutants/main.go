// Command mutants tests the tests: it takes one safeguard at a time out of Pulse, in the build alone, and fails when the
// test that is for that safeguard passes all the same.
//
//	GOWORK=off go -C .tools run ./mutants ..
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: mutants <repository root>")
		os.Exit(2)
	}
	root, err := filepath.Abs(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	results := make([]error, len(mutants))
	var group sync.WaitGroup
	for i, m := range mutants {
		group.Go(func() { results[i] = m.try(ctx, root) })
	}
	group.Wait()
	for i, m := range mutants {
		if results[i] != nil {
			fmt.Printf("%-36s %v\n", m.name, results[i])
			continue
		}
		fmt.Printf("%-36s caught by %s\n", m.name, m.test)
	}
	if errors.Join(results...) != nil {
		stop()
		os.Exit(1)
	}
}

// try runs the mutant's test, and fails unless that test does.
func (m mutant) try(ctx context.Context, root string) error {
	dir, err := os.MkdirTemp("", "mutant-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	overlay, err := m.write(root, dir)
	if err != nil {
		return err
	}
	test := exec.CommandContext(ctx, "go", "test", "-count=1", "-overlay", overlay, "-run", "^"+m.test+"$", m.pkg)
	test.Dir = root
	test.Env = append(os.Environ(), "GOWORK=")
	out, err := test.CombinedOutput()
	switch {
	case err == nil:
		return fmt.Errorf("SURVIVES: %s in %s passes without it", m.test, m.pkg)
	case !bytes.Contains(out, []byte("--- FAIL: "+m.test)):
		return fmt.Errorf("cannot be tried: %w\n%s", err, out)
	}
	return nil
}

// write writes the changed file, and the overlay that has the build use it (see go help build), and answers the latter.
func (m mutant) write(root, dir string) (string, error) {
	original := filepath.Join(root, m.file)
	source, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(source), m.text); n != 1 {
		return "", fmt.Errorf("%s has the text %d times, want once: bring .tools/mutants/mutants.go up to date with it: %q", m.file, n, m.text)
	}
	changed := filepath.Join(dir, filepath.Base(m.file))
	if err := os.WriteFile(changed, []byte(strings.Replace(string(source), m.text, m.replacement, 1)), 0o600); err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, overlay, 0o600)
}
