package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	link      = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
	taskNamed = regexp.MustCompile("(?:^|[` ])(?:\\.tools/)?task ([a-z]+(?::[a-z]+)+)")
)

// checkDocument tells which files a document links to, and which tasks it names, that there are not.
func checkDocument(repository, file string, tasks map[string]bool) (problems []string, err error) {
	raw, err := os.ReadFile(filepath.Join(repository, file))
	if err != nil {
		return nil, err
	}
	for number, line := range strings.Split(string(raw), "\n") {
		for _, match := range link.FindAllStringSubmatch(line, -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(repository, filepath.Dir(file), match[1])); err != nil {
				problems = append(problems, fmt.Sprintf("%s:%d: links to %s, which there is not", file, number+1, match[1]))
			}
		}
		problems = append(problems, unknownTasks(fmt.Sprintf("%s:%d", file, number+1), line, tasks)...)
	}
	return problems, nil
}

// unknownTasks tells which tasks a text names that there are not.
func unknownTasks(where, text string, tasks map[string]bool) (problems []string) {
	for _, match := range taskNamed.FindAllStringSubmatch(text, -1) {
		if !tasks[match[1]] {
			problems = append(problems, fmt.Sprintf("%s: there is no task %s", where, match[1]))
		}
	}
	return problems
}
