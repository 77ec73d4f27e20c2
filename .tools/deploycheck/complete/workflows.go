package main

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// workflow is what the rules below look at; actionlint knows the rest.
type workflow struct {
	Permissions yaml.Node      `yaml:"permissions"`
	Jobs        map[string]job `yaml:"jobs"`
}

type job struct {
	Uses    string      `yaml:"uses"`
	Timeout int         `yaml:"timeout-minutes"`
	Steps   []yaml.Node `yaml:"steps"`
}

type step struct {
	Uses string `yaml:"uses"`
	Run  string `yaml:"run"`
}

// pinned is an action at one commit, with the version that it is in a comment.
var pinned = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40}$`)

// checkWorkflow tells where a workflow takes an action that can change under it, lets strangers write into its scripts, has
// more rights than it says, or may hang, and which tasks it calls that there are not.
func checkWorkflow(name string, raw []byte, tasks map[string]bool) (problems []string) {
	var w workflow
	if err := yaml.Unmarshal(raw, &w); err != nil {
		return []string{fmt.Sprintf("%s: %v", name, err)}
	}
	if w.Permissions.IsZero() {
		problems = append(problems, name+": has no permissions: say which it needs, such as contents: read")
	}
	for id, j := range w.Jobs {
		if j.Uses == "" && j.Timeout == 0 {
			problems = append(problems, fmt.Sprintf("%s: job %s has no timeout-minutes", name, id))
		}
		for i := range j.Steps {
			problems = append(problems, checkStep(name, &j.Steps[i], tasks)...)
		}
	}
	return problems
}

func checkStep(name string, node *yaml.Node, tasks map[string]bool) (problems []string) {
	where := fmt.Sprintf("%s:%d", name, node.Line)
	var s step
	if err := node.Decode(&s); err != nil {
		return []string{where + ": " + err.Error()}
	}
	if s.Uses != "" && (!pinned.MatchString(s.Uses) || !strings.HasPrefix(commentOf(node, "uses"), "# v")) {
		problems = append(problems, where+": "+s.Uses+" is not pinned: use owner/action@COMMIT # vX.Y.Z")
	}
	if strings.Contains(s.Run, "${{") {
		problems = append(problems, where+": an expression stands in a script: pass it by env, so that it stays data")
	}
	return append(problems, unknownTasks(where, s.Run, tasks)...)
}

// commentOf is the comment after the value of a key.
func commentOf(mapping *yaml.Node, key string) string {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1].LineComment
		}
	}
	return ""
}
