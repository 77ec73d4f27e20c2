package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	specs "github.com/opencontainers/image-spec/specs-go/v1"
)

// nobody is who the image has to run as; Kubernetes asks for numbers to see that it is not root.
const nobody = "65532:65532"

// checkDockerfile lints a Dockerfile and looks at its last stage.
func checkDockerfile(ctx context.Context, path string) ([]string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	findings, err := lint(ctx, path, raw)
	if err != nil {
		return nil, err
	}
	if _, _, _, ok := parser.DetectSyntax(raw); ok {
		findings = append(findings, path+": a syntax line has every build fetch another frontend: leave it out")
	}
	return append(findings, lastStage(path, raw)...), nil
}

// lint asks BuildKit's linter.
func lint(ctx context.Context, path string, raw []byte) ([]string, error) {
	caps := pb.Caps.CapSet(pb.Caps.All())
	source := llb.NewSourceMap(nil, path, "Dockerfile", raw)
	source.Definition = new(llb.Definition) // What the linter looks at only to report.
	results, err := dockerfile2llb.DockerfileLint(ctx, raw, dockerfile2llb.ConvertOpt{
		Config:       dockerui.Config{BuildPlatforms: []specs.Platform{linux}, TargetPlatforms: []specs.Platform{linux}},
		MetaResolver: anyImage{},
		LLBCaps:      &caps,
		SourceMap:    source,
	})
	if err != nil {
		return nil, err
	}
	var findings []string
	if results.Error != nil {
		findings = append(findings, fmt.Sprintf("%s: %s", path, results.Error.Message))
	}
	for _, w := range results.Warnings {
		line := int32(0)
		if ranges := w.Location.GetRanges(); len(ranges) > 0 {
			line = ranges[0].GetStart().GetLine()
		}
		findings = append(findings, fmt.Sprintf("%s:%d: %s: %s", path, line, w.RuleName, w.Detail))
	}
	return findings, nil
}

// lastStage says what is wrong with what becomes the image.
func lastStage(path string, raw []byte) []string {
	parsed, err := parser.Parse(bytes.NewReader(raw))
	if err != nil {
		return nil // The linter has said it.
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil || len(stages) == 0 {
		return nil
	}
	var findings []string
	last := stages[len(stages)-1]
	if last.BaseName != "scratch" {
		findings = append(findings, fmt.Sprintf("%s: the image is built on %s: build it on scratch", path, last.BaseName))
	}
	user, healthy := "", false
	for _, command := range last.Commands {
		switch c := command.(type) {
		case *instructions.UserCommand:
			user = c.User
		case *instructions.HealthCheckCommand:
			healthy = c.Health != nil && len(c.Health.Test) > 1
		}
	}
	if user != nobody {
		findings = append(findings, fmt.Sprintf("%s: the image runs as %q: set USER %s", path, user, nobody))
	}
	if !healthy {
		findings = append(findings, path+": the image has no HEALTHCHECK")
	}
	return findings
}

// linux is the platform that is looked at; the Dockerfile compiles for any from any.
var linux = specs.Platform{OS: "linux", Architecture: "amd64"}

// anyImage answers for every base image that it is there, so that linting needs no registry.
type anyImage struct{}

// ResolveImageConfig implements llb.ImageMetaResolver.
func (anyImage) ResolveImageConfig(_ context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	image := specs.Image{Platform: linux}
	if opt.ImageOpt != nil && opt.ImageOpt.Platform != nil {
		image.Platform = *opt.ImageOpt.Platform
	}
	raw, err := json.Marshal(image)
	return strings.TrimSpace(ref), digest.FromBytes(raw), raw, err
}
