package app

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMemoryLimitIsTheContainersOrTheMachines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	machine, missing := file("meminfo", "MemTotal:        8000000 kB\nMemFree: 1 kB\n"), filepath.Join(dir, "missing")
	for name, c := range map[string]struct {
		cgroup, meminfo string
		want            float64
		ok              bool
	}{
		"a container with a limit":    {file("limited", "268435456\n"), machine, 256 << 20, true},
		"a container without a limit": {file("unlimited", "max\n"), machine, 8_000_000 * 1024, true},
		"no container":                {missing, machine, 8_000_000 * 1024, true},
		"another system":              {missing, missing, 0, false},
	} {
		got, ok := memoryLimit(c.cgroup, c.meminfo)
		if got != c.want || ok != c.ok {
			t.Errorf("%s: got %v, %v, want %v, %v", name, got, ok, c.want, c.ok)
		}
	}
}
