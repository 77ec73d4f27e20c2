package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// noHealthcheck is the label of a container that cannot be asked; its value says why.
const noHealthcheck = "social.pulse.no-healthcheck"

// rules are what every container has to keep to. Each answers what is wrong, empty when nothing is.
var rules = []func(*types.Project, types.ServiceConfig) string{
	pinned, restarts, limited, healthy, hardened, apart, noSecrets, mounts,
}

// checkCompose loads a compose file with all profiles as Compose does, which refuses what is unknown, and asks the rules.
func checkCompose(ctx context.Context, path string) ([]string, error) {
	options, err := cli.NewProjectOptions([]string{path},
		cli.WithWorkingDirectory(filepath.Dir(path)), cli.WithEnvFiles(), cli.WithDotEnv, cli.WithProfiles([]string{"*"}))
	if err != nil {
		return nil, err
	}
	project, err := options.LoadProject(ctx)
	if err != nil {
		return []string{fmt.Sprintf("%s: %v", path, err)}, nil
	}
	var findings []string
	for _, name := range slices.Sorted(maps.Keys(project.Services)) {
		for _, rule := range rules {
			if wrong := rule(project, project.Services[name]); wrong != "" {
				findings = append(findings, fmt.Sprintf("%s: service %s: %s", path, name, wrong))
			}
		}
	}
	return findings, nil
}

// version is a tag that says which.
var version = regexp.MustCompile(`(:v?[0-9][^:/]*|@sha256:[0-9a-f]{64})$`)

func pinned(_ *types.Project, s types.ServiceConfig) string {
	if s.Build != nil || version.MatchString(s.Image) {
		return ""
	}
	return fmt.Sprintf("image %q names no version: pin it by its tag", s.Image)
}

// job tells whether others wait until a container has done its work.
func job(p *types.Project, s types.ServiceConfig) bool {
	for _, other := range p.Services {
		if other.DependsOn[s.Name].Condition == types.ServiceConditionCompletedSuccessfully {
			return true
		}
	}
	return false
}

func restarts(p *types.Project, s types.ServiceConfig) string {
	switch {
	case job(p, s) && s.Restart != types.RestartPolicyNo:
		return `a job has to end, and others wait for it: set restart: "no"`
	case !job(p, s) && s.Restart != types.RestartPolicyUnlessStopped && s.Restart != types.RestartPolicyAlways:
		return "it stays down after a crash: set restart: unless-stopped"
	}
	return ""
}

func limited(_ *types.Project, s types.ServiceConfig) string {
	if s.Deploy == nil || s.Deploy.Resources.Limits == nil {
		return "it has no limits: set cpus, memory and pids in deploy.resources.limits"
	}
	l := s.Deploy.Resources.Limits
	if l.NanoCPUs <= 0 || l.MemoryBytes <= 0 || l.Pids <= 0 {
		return "its limits are not complete: set cpus, memory and pids in deploy.resources.limits"
	}
	return ""
}

func healthy(p *types.Project, s types.ServiceConfig) string {
	switch {
	case job(p, s), s.Labels[noHealthcheck] != "":
		return ""
	case s.HealthCheck == nil && s.Build != nil: // Pulse's own image has one, which checkDockerfile sees to.
		return ""
	case s.HealthCheck == nil || s.HealthCheck.Disable || len(s.HealthCheck.Test) < 2:
		return "it has no healthcheck, and --wait believes it is well: give it one, or the reason in the label " + noHealthcheck
	}
	return ""
}

func hardened(_ *types.Project, s types.ServiceConfig) string {
	switch {
	case !s.ReadOnly:
		return "its root can be written: set read_only: true, and name what has to be written as volumes or tmpfs"
	case !slices.Contains(s.CapDrop, "ALL") || len(s.CapAdd) > 0 || s.Privileged:
		return "it has capabilities: set cap_drop: [ALL]"
	case !slices.Contains(s.SecurityOpt, "no-new-privileges:true"):
		return `it may gain privileges: set security_opt: ["no-new-privileges:true"]`
	}
	return ""
}

// apart keeps what can be reached from outside away from the backends' network.
func apart(p *types.Project, s types.ServiceConfig) string {
	if len(s.Ports) == 0 {
		return ""
	}
	for name := range s.Networks {
		if p.Networks[name].Internal {
			return fmt.Sprintf("it publishes a port and is in the internal network %s: take one from it", name)
		}
	}
	return ""
}

// credentials are what has to come from a file: a variable of that name, or a password in a URL.
var credentials = regexp.MustCompile(`(?i)^[A-Z0-9_]*(PASSWORD|SECRET|TOKEN|CREDENTIALS)=.|://[^/:@]*:[^/@]+@`)

func noSecrets(_ *types.Project, s types.ServiceConfig) string {
	for _, name := range slices.Sorted(maps.Keys(s.Environment)) {
		value := s.Environment[name]
		if value != nil && credentials.MatchString(name+"="+*value) {
			return fmt.Sprintf("%s holds a secret that everybody sees who may inspect it: give it by a file in secrets", name)
		}
	}
	return ""
}

// mounts looks for what is mounted from the repository; Compose finds out only when the container is made.
func mounts(_ *types.Project, s types.ServiceConfig) string {
	for _, v := range s.Volumes {
		if v.Type != types.VolumeTypeBind {
			continue
		}
		if _, err := os.Stat(v.Source); err != nil {
			return fmt.Sprintf("%s is not there, which it mounts at %s", v.Source, v.Target)
		}
		if !v.ReadOnly {
			return fmt.Sprintf("it may write to %s: set read_only: true", v.Source)
		}
	}
	return ""
}
