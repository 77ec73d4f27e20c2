// Command pulse is Pulse: the server, and the tools of those who run it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	_ "golang.org/x/crypto/x509roots/fallback" // Roots for an image that has no distribution; those of a system go first.

	_ "github.com/pulse-social/pulse/services/app/clouds"
	_ "github.com/pulse-social/pulse/services/cmd/pulse/timerslack" // Has serve and bench wake less often.
)

const description = `Pulse is the social backend that you own: people, posts, follows and timelines as Connect services.

Examples:
  pulse demo                         a Pulse full of people, to try things on
  pulse serve                        all services in one process, nothing else needed
  pulse serve post timeline          two services, the others elsewhere (PULSE_PEERS)
  pulse seed --graph friends.txt     load a social graph through the API
  pulse check                        check that nothing is lost and nothing is there twice
  pulse config                       what is configured, and where it comes from`

// commands are the program's commands, each in a file of its own.
type commands struct {
	Serve   serveCommand   `cmd:"" help:"Serve the API: all services, or those named."`
	Demo    demoCommand    `cmd:"" help:"Serve a Pulse that is filled with people, follows and posts."`
	Seed    seedCommand    `cmd:"" help:"Load a social graph from an edge list through the API."`
	Migrate migrateCommand `cmd:"" help:"Bring the database's schema up to date."`
	DLQ     dlqCommand     `cmd:"" name:"dlq" help:"List and replay dead letters."`
	User    userCommand    `cmd:"" help:"List accounts, give roles, suspend and restore."`
	Keys    keysCommand    `cmd:"" help:"List, rotate and revoke the keys that sign access tokens."`
	Audit   auditCommand   `cmd:"" help:"List and verify the audit log."`
	Search  searchCommand  `cmd:"" help:"Rebuild what search finds by."`
	Config  configCommand  `cmd:"" help:"Print the configuration in force and where each value comes from."`
	Check   checkCommand   `cmd:"" help:"Check the invariants on the store that is configured."`
	Smoke   smokeCommand   `cmd:"" help:"Try a Pulse that runs as its users do, once or under load."`
	Health  healthCommand  `cmd:"" help:"Ask the process on this machine whether it is ready."`
	Bench   benchCommand   `cmd:"" help:"Measure a Pulse under load, beside a bare HTTP server."`
	Cost    costCommand    `cmd:"" help:"Compute what a load needs and what that costs, from a measurement and a price table."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	parser := kong.Must(&c,
		kong.Name("pulse"), kong.Description(description), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	parsed, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	if err := parsed.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "pulse:", err)
		stop()
		os.Exit(1)
	}
}
