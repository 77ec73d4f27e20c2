// Command containers checks what runs Pulse in containers, without an engine: the Dockerfile by BuildKit's own linter, the
// compose files by Compose's own loader, and both for what Pulse wants of them.
//
//	go -C .tools/containers run . ../..
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: containers REPOSITORY")
		os.Exit(2)
	}
	findings, err := check(context.Background(), filepath.Join(os.Args[1], "deploy"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "containers:", err)
		os.Exit(1)
	}
	for _, finding := range findings {
		fmt.Println(finding)
	}
	if len(findings) > 0 {
		os.Exit(1)
	}
}

// check answers what is wrong below a folder deploy.
func check(ctx context.Context, deploy string) ([]string, error) {
	dockerfile, err := checkDockerfile(ctx, filepath.Join(deploy, "docker", "Dockerfile"))
	if err != nil {
		return nil, err
	}
	compose, err := checkCompose(ctx, filepath.Join(deploy, "compose", "compose.yaml"))
	if err != nil {
		return nil, err
	}
	return slices.Concat(dockerfile, compose), nil
}
