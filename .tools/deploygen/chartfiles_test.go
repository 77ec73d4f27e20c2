package main

import (
	"os"
	"path/filepath"
	"testing"
)

// The chart has what is there now, and nothing that is there no more.
func TestTheChartHasCopies(t *testing.T) {
	t.Parallel()
	deploy := t.TempDir()
	put := func(path, content string) {
		path = filepath.Join(deploy, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("prometheus/rules/alerts.yaml", "groups: []")
	put("helm/pulse/files/rules/alerts.yaml", "old")
	put("helm/pulse/files/rules/gone.yaml", "gone")
	put("helm/pulse/files/layout.json", "{}")
	if err := copyChartFiles(deploy); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(deploy, "helm/pulse/files/rules/alerts.yaml")); err != nil || string(got) != "groups: []" {
		t.Errorf("the copy holds %q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(deploy, "helm/pulse/files/rules/gone.yaml")); !os.IsNotExist(err) {
		t.Errorf("what is gone is still there: %v", err)
	}
	if _, err := os.Stat(filepath.Join(deploy, "helm/pulse/files/layout.json")); err != nil {
		t.Errorf("what is not copied was removed: %v", err)
	}
}
