package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestUnclaimed plants a file that nothing checks, a claim of no file, and a claim by a task that there is not.
func TestUnclaimed(t *testing.T) {
	t.Parallel()
	files := []string{"deploy/a.yaml", "deploy/b/c/d.yaml", ".github/workflows/ci.yaml"}
	tasks := map[string]bool{"check:a": true}
	all := []claim{{"deploy/*.yaml", "check:a"}, {"deploy/b/**", "check:a"}, {".github/workflows/*.yaml", "check:a"}}
	if got := unclaimed(files, all, tasks); len(got) > 0 {
		t.Errorf("got %q, want nothing", got)
	}
	for _, c := range []struct {
		files  []string
		claims []claim
		want   string
	}{
		{append([]string{"deploy/x/planted.yaml"}, files...), all, "deploy/x/planted.yaml: no task checks it"},
		{files, append([]claim{{"deploy/*.json", "check:a"}}, all...), "deploy/*.json: claims no file"},
		{files, append([]claim{{"deploy/a.*", "check:b"}}, all...), "deploy/a.*: there is no task check:b"},
	} {
		if got := unclaimed(c.files, c.claims, tasks); len(got) != 1 || !strings.HasPrefix(got[0], c.want) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// TestPlantedFile plants a file in a copy of the work tree's list, by way of git.
func TestPlantedFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "Taskfile.yml"), "tasks: {generate:check: {}}")
	write(t, filepath.Join(folder, "deploy/layout.json"), "{}")
	write(t, filepath.Join(folder, "deploy/planted.conf"), "")
	if out, err := exec.Command("git", "-C", folder, "init", "--quiet").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	problems, files, err := check(folder)
	if err != nil || files != 2 {
		t.Fatalf("%d files and %v", files, err)
	}
	if got := strings.Join(problems, "\n"); !strings.Contains(got, "deploy/planted.conf: no task checks it") || strings.Contains(got, "deploy/layout.json: no task") {
		t.Errorf("got %s", got)
	}
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "deploy/README.md"), "[here](cost/prices.yaml#top), [not](cost/price.yaml), [far](https://example.org/x)\n"+
		"Run `task deploy:check` or `.tools/task deploy:chek -- --flag`.\n")
	write(t, filepath.Join(folder, "deploy/cost/prices.yaml"), "")
	got, err := checkDocument(folder, "deploy/README.md", map[string]bool{"deploy:check": true})
	want := "deploy/README.md:1: links to cost/price.yaml, which there is not\ndeploy/README.md:2: there is no task deploy:chek"
	if err != nil || strings.Join(got, "\n") != want {
		t.Errorf("got %q and %v, want %q", got, err, want)
	}
}

// sound is a workflow that nothing is wrong with.
const sound = `name: sound
on: push
permissions:
  contents: read
jobs:
  one:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
      - run: .tools/task deploy:check WHO="$WHO"
        env:
          WHO: ${{ github.actor }}
`

// TestWorkflows plants an error of each kind, for our own rules and for actionlint.
func TestWorkflows(t *testing.T) {
	t.Parallel()
	tasks := map[string]bool{"deploy:check": true}
	for _, c := range []struct{ old, new, want string }{
		{"", "", ""},
		{"permissions:\n  contents: read\n", "", "has no permissions"},
		{"    timeout-minutes: 5\n", "", "job one has no timeout-minutes"},
		{"@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0", "@v5", "actions/checkout@v5 is not pinned"},
		{" # v5.0.0", "", "is not pinned"},
		{`WHO="$WHO"`, `"${{ github.actor }}"`, "an expression stands in a script"},
		{"deploy:check", "deploy:chek", "there is no task deploy:chek"},
		{"jobs:", "jobs: [", "sound.yaml: yaml:"},
	} {
		got := strings.Join(checkWorkflow("sound.yaml", []byte(strings.Replace(sound, c.old, c.new, 1)), tasks), "\n")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.new, got, c.want)
		}
	}
}

// TestActionlint has the linter that workflows are checked with find an error of each kind that matters here.
func TestActionlint(t *testing.T) {
	t.Parallel()
	linter := "../../bin/actionlint"
	if _, err := os.Stat(linter); errors.Is(err, fs.ErrNotExist) {
		t.Fatal("actionlint is not built: run .tools/task tools")
	}
	for _, c := range []struct{ old, new, want string }{
		{"", "", ""},
		{"runs-on: ubuntu-24.04", "runs-on: ubuntu-4", "label"},
		{"    timeout-minutes: 5", "    timeout: 5", "unexpected key"},
		{"contents: read", "contents: reed", "invalid"},
		{"github.actor", "github.acter", "not defined"},
		{"on: push", "on: pushed", "unknown Webhook event"},
	} {
		lint := exec.Command(linter, "-shellcheck=", "-pyflakes=", "-stdin-filename", "sound.yaml", "-")
		lint.Stdin = bytes.NewBufferString(strings.Replace(sound, c.old, c.new, 1))
		out, err := lint.CombinedOutput()
		if (c.want == "") != (err == nil) || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: got %v and %s, want %q", c.new, err, out, c.want)
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
