package main

import (
	"context"
	"fmt"
	"os"

	"github.com/pulse-social/pulse/services/app"
)

// serveCommand serves until it is told to stop.
type serveCommand struct {
	Services []string `arg:"" optional:"" help:"Services to run in this process; none means all. Of identity, user, post, media, graph, timeline, event, search, messaging, notification, realtime."`
}

// Help says more than the one line.
func (serveCommand) Help() string {
	return `Settings come from the environment; pulse config lists them. Without any, everything is embedded: SQLite, NATS
JetStream and a Redis-compatible store, in the folder PULSE_DATA_DIR.

A process that runs media beside a database of its own says where pictures are kept: PULSE_MEDIA_URL.

Examples:
  pulse serve
  PULSE_ADDR=0.0.0.0:8080 PULSE_DATABASE_URL=postgres://pulse@db/pulse PULSE_REDIS_URL=redis://redis:6379 \
    PULSE_NATS_URL=nats://nats:4222 PULSE_PEERS='*:pulse-{service}:8080' pulse serve post timeline`
}

// Run implements the command.
func (s serveCommand) Run(ctx context.Context) error {
	config, _, err := app.LoadConfig(os.LookupEnv)
	if err != nil {
		return err
	}
	a, err := app.New(config, app.Options{Services: s.Services, Version: version(), LogTo: os.Stdout})
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return err
	}
	if a.URL() == "" {
		fmt.Fprintf(os.Stderr, "Pulse consumes events, for operators at %s; stop it with Ctrl-C\n", a.OpsURL())
	} else {
		fmt.Fprintf(os.Stderr, "Pulse serves at %s, for operators at %s; stop it with Ctrl-C\n", a.URL(), a.OpsURL())
	}
	<-ctx.Done()
	return a.Stop(context.WithoutCancel(ctx))
}
