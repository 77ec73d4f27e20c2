package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/pulse-social/pulse/services/app"
)

// healthCommand asks whether the process beside it is ready: in an image without a shell nothing else could.
type healthCommand struct {
	Timeout time.Duration `default:"2s" help:"How long to wait for the answer (${default})."`
}

// Help says more than the one line.
func (healthCommand) Help() string {
	return `The operators' port of PULSE_OPS_ADDR is asked for /readyz on this machine. The exit code is 0 when Pulse is ready, and 1
with the reason otherwise.`
}

// Run implements the command.
func (c healthCommand) Run(ctx context.Context) error {
	config, _, err := app.LoadConfig(os.LookupEnv)
	if err != nil {
		return err
	}
	address, err := localAddress(config.Server.OpsAddr)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	return askReady(ctx, "http://"+address+"/readyz")
}

// localAddress is how a listening address is reached from the same machine.
func localAddress(listens string) (string, error) {
	host, port, err := net.SplitHostPort(listens)
	if err != nil {
		return "", fmt.Errorf("PULSE_OPS_ADDR %q: give host:port", listens)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// askReady answers nil when the answer is that Pulse is ready.
func askReady(ctx context.Context, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(req)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("not healthy: %s does not answer: %w", address, failed.Err)
	}
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	reason, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	if err != nil {
		return err
	}
	return fmt.Errorf("not healthy: %s", strings.TrimSpace(string(reason)))
}
