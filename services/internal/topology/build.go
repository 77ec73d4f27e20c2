package topology

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// program is the package of the command that processes run.
const program = "github.com/pulse-social/pulse/services/cmd/pulse"

// Build builds pulse into a folder, with build tags if there are any, and answers where it is. It works anywhere in the
// repository.
func Build(ctx context.Context, dir string, tags ...string) (string, error) {
	binary := filepath.Join(dir, "pulse")
	args := []string{"build", "-o", binary}
	for _, tag := range tags {
		args = append(args, "-tags", tag)
	}
	if out, err := exec.CommandContext(ctx, "go", append(args, program)...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build pulse: %w: %s", err, out)
	}
	return binary, nil
}
