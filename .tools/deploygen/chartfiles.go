package main

import (
	"os"
	"path/filepath"
)

// chartFiles are what the Helm chart takes from elsewhere below deploy, by pattern, each with the folder of the chart that
// it is copied to: a chart reads no file outside of its own folder.
var chartFiles = map[string]string{
	"haproxy/haproxy.cfg":       "helm/pulse/files",
	"prometheus/rules/*.yaml":   "helm/pulse/files/rules",
	"grafana/dashboards/*.json": "helm/pulse/files/dashboards",
}

// copyChartFiles copies them, and removes copies of what is there no more.
func copyChartFiles(deploy string) error {
	for pattern, folder := range chartFiles {
		into := filepath.Join(deploy, filepath.FromSlash(folder))
		stale, err := filepath.Glob(filepath.Join(into, filepath.Base(pattern)))
		if err != nil {
			return err
		}
		for _, file := range stale {
			if err := os.Remove(file); err != nil {
				return err
			}
		}
		fresh, err := filepath.Glob(filepath.Join(deploy, filepath.FromSlash(pattern)))
		if err != nil {
			return err
		}
		for _, file := range fresh {
			if err := copyFile(file, filepath.Join(into, filepath.Base(file))); err != nil {
				return err
			}
		}
	}
	return nil
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}
