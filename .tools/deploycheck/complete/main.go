// Command complete fails when a file below deploy or .github is checked by no task, when a document there names a file or
// a task that there is not, and when a workflow breaks the rules that actionlint leaves to others.
//
//	GOWORK=off go -C .tools run ./deploycheck/complete ..
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: complete REPOSITORY")
		os.Exit(2)
	}
	problems, files, err := check(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "complete:", err)
		os.Exit(1)
	}
	for _, problem := range problems {
		fmt.Fprintln(os.Stderr, problem)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
	fmt.Printf("each of %d files below deploy and .github is checked\n", files)
}

// check answers what is wrong in a repository, and how many files it has looked at.
func check(repository string) (problems []string, files int, err error) {
	listed, err := list(repository)
	if err != nil {
		return nil, 0, err
	}
	tasks, err := tasksOf(repository)
	if err != nil {
		return nil, 0, err
	}
	problems = unclaimed(listed, claims, tasks)
	for _, file := range listed {
		var wrong []string
		switch {
		case strings.HasSuffix(file, ".md"):
			wrong, err = checkDocument(repository, file, tasks)
		case strings.HasPrefix(file, ".github/workflows/"):
			var raw []byte
			raw, err = os.ReadFile(filepath.Join(repository, file))
			wrong = checkWorkflow(file, raw, tasks)
		}
		if err != nil {
			return nil, 0, err
		}
		problems = append(problems, wrong...)
	}
	slices.Sort(problems)
	return problems, len(listed), nil
}

// list answers the files below deploy and .github, those that are not committed yet included.
func list(repository string) ([]string, error) {
	git := exec.CommandContext(context.Background(), "git", "-C", repository, "ls-files", "--cached", "--others", "--exclude-standard", "deploy", ".github")
	git.Stderr = os.Stderr
	raw, err := git.Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	var files []string
	for file := range strings.Lines(string(raw)) {
		file = strings.TrimSpace(file)
		// A file that is deleted and not committed is still listed.
		if _, err := os.Stat(filepath.Join(repository, file)); err == nil {
			files = append(files, file)
		}
	}
	return files, nil
}

// tasksOf are the names of the tasks in the Taskfile, aliases included.
func tasksOf(repository string) (map[string]bool, error) {
	raw, err := os.ReadFile(filepath.Join(repository, "Taskfile.yml"))
	if err != nil {
		return nil, err
	}
	var taskfile struct {
		Tasks map[string]struct {
			Aliases []string `yaml:"aliases"`
		} `yaml:"tasks"`
	}
	if err := yaml.Unmarshal(raw, &taskfile); err != nil {
		return nil, fmt.Errorf("read Taskfile.yml: %w", err)
	}
	tasks := map[string]bool{}
	for name, task := range taskfile.Tasks {
		tasks[name] = true
		for _, alias := range task.Aliases {
			tasks[alias] = true
		}
	}
	return tasks, nil
}
