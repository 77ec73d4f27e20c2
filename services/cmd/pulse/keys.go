package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/pulse-social/pulse/services/app"
)

// keysCommand is about the keys that sign access tokens, and the one that pushes are signed with.
type keysCommand struct {
	List   keysListCommand   `cmd:"" help:"List the published signing keys."`
	Rotate keysRotateCommand `cmd:"" help:"Have the next key sign from now on."`
	Revoke keysRevokeCommand `cmd:"" help:"Have the tokens of a key refused within a minute."`
	Push   keysPushCommand   `cmd:"" help:"Print a fresh key for PULSE_PUSH_KEY, which pushes to browsers are signed with."`
}

// Help says more than the one line.
func (keysCommand) Help() string {
	return `Keys are rotated by themselves every PULSE_SIGNING_KEY_LIFE: the next key, published long before, takes its turn, and the one
before is published until its last token has expired. A key that leaked is revoked: people's clients refresh their tokens.

Examples:
  pulse keys list
  pulse keys revoke 3815020713164800`
}

// keysListCommand lists keys.
type keysListCommand struct {
	JSON bool `help:"Print a JSON object a line for programs."`
}

// Run implements the command.
func (c keysListCommand) Run(ctx context.Context) error {
	config, _, err := app.LoadConfig(os.LookupEnv)
	if err != nil {
		return err
	}
	keys, err := app.SigningKeys(ctx, config)
	if err != nil {
		return err
	}
	if c.JSON {
		encoder := json.NewEncoder(os.Stdout)
		for _, key := range keys {
			if err := encoder.Encode(key); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KEY\tSTATE\tSINCE\tPUBLISHED")
	for _, key := range keys {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\n", key.ID, key.State, key.Since.Format(time.RFC3339), key.Created.Format(time.RFC3339))
	}
	return table.Flush()
}

// keysRotateCommand rotates.
type keysRotateCommand struct{}

// Run implements the command.
func (keysRotateCommand) Run(ctx context.Context) error {
	config, _, err := app.LoadConfig(os.LookupEnv)
	if err != nil {
		return err
	}
	return app.RotateKeys(ctx, config)
}

// keysRevokeCommand revokes.
type keysRevokeCommand struct {
	ID int64 `arg:"" help:"Id of the key, the kid of its tokens."`
}

// Run implements the command.
func (c keysRevokeCommand) Run(ctx context.Context) error {
	config, _, err := app.LoadConfig(os.LookupEnv)
	if err != nil {
		return err
	}
	return app.RevokeKey(ctx, config, c.ID)
}

// keysPushCommand draws a key.
type keysPushCommand struct{}

// Run implements the command.
func (keysPushCommand) Run() error {
	key, err := app.NewPushKey()
	if err != nil {
		return err
	}
	fmt.Println(key)
	return nil
}
