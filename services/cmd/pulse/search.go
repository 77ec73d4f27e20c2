package main

import (
	"context"
	"fmt"
	"os"

	"github.com/pulse-social/pulse/services/app"
	"github.com/pulse-social/pulse/services/internal/bench"
)

// searchCommand is about the index of search.
type searchCommand struct {
	Rebuild searchRebuildCommand `cmd:"" help:"Write all that search finds by anew from the database."`
}

// searchRebuildCommand rebuilds the index.
type searchRebuildCommand struct{}

// Help says more than the one line.
func (searchRebuildCommand) Help() string {
	return `A consumer keeps what search finds by; this is for a database that was restored or written to around Pulse, and for
versions whose notes ask for it. It works on the configured database while Pulse runs, which goes on finding, or while it does not.
Interrupted, it has done no harm: run it again.

Example:
  pulse search rebuild`
}

// Run implements the command.
func (searchRebuildCommand) Run(ctx context.Context) error {
	config, _, err := app.LoadConfig(os.LookupEnv)
	if err != nil {
		return err
	}
	if err := app.RebuildSearch(ctx, config, bench.Stages(display())); err != nil {
		return err
	}
	fmt.Println("search finds by what is in the database now")
	return nil
}
