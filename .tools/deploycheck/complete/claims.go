package main

import (
	"path"
	"strings"
)

// A claim says which task checks which files. A file that a second task checks too need not be claimed twice.
type claim struct {
	// pattern is that of path.Match for a file's path, or ends in /** for a folder and all below it.
	pattern string
	// task is the task that fails when such a file is wrong.
	task string
}

// claims are all of them. Whoever adds a file below deploy or .github finds it here, or writes a check for it.
var claims = []claim{
	{"deploy/layout.json", "generate:check"},
	{"deploy/helm/pulse/files/**", "generate:check"},

	{"deploy/docker/Dockerfile", "deploy:check:docker"},
	{"deploy/compose/.env", "deploy:check:docker"},
	{"deploy/compose/*.yaml", "deploy:check:docker"},
	{"deploy/compose/logins.sql", "deploy:compose"},
	{"deploy/*/*.sh", "lint:shell"},

	{"deploy/helm/pulse/**", "deploy:check:helm"},
	{"deploy/kong/kong.yaml", "deploy:check:gateway"},
	{"deploy/haproxy/haproxy.cfg", "test:gateway"},

	{"deploy/prometheus/**", "deploy:check:prometheus"},
	{"deploy/grafana/dashboards/*.json", "test:observability"},
	{"deploy/grafana/provisioning/**", "deploy:check:prometheus"},
	{"deploy/otel/collector.yaml", "test:observability"},
	{"deploy/cost/*", "deploy:check:cost"},

	{"deploy/serverless/*.yaml", "test"},
	{"deploy/terraform/*/*.tf", "deploy:check:terraform"},
	{".github/workflows/*.yaml", "deploy:check:actions"},

	{"deploy/*.md", "deploy:check:complete"},
	{"deploy/terraform/*.md", "deploy:check:complete"},
}

func (c claim) covers(file string) bool {
	if folder, ok := strings.CutSuffix(c.pattern, "/**"); ok {
		return strings.HasPrefix(file, folder+"/")
	}
	matched, err := path.Match(c.pattern, file)
	return err == nil && matched
}

// unclaimed tells which files nothing checks, which claims are of no file, and which tasks there are not.
func unclaimed(files []string, claims []claim, tasks map[string]bool) (problems []string) {
	used := make([]bool, len(claims))
	for _, file := range files {
		covered := false
		for i, c := range claims {
			if c.covers(file) {
				covered, used[i] = true, true
			}
		}
		if !covered {
			problems = append(problems, file+": no task checks it: write a check and name it in .tools/deploycheck/complete/claims.go")
		}
	}
	for i, c := range claims {
		if !used[i] {
			problems = append(problems, c.pattern+": claims no file: take it out of .tools/deploycheck/complete/claims.go")
		}
		if !tasks[c.task] {
			problems = append(problems, c.pattern+": there is no task "+c.task)
		}
	}
	return problems
}
