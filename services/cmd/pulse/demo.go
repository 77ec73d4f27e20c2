package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"connectrpc.com/connect/v2/connectinprocess"

	pulse "github.com/pulse-social/pulse/sdk"
	"github.com/pulse-social/pulse/services/app"
	"github.com/pulse-social/pulse/services/internal/demo"
)

// demoCommand serves a Pulse full of people.
type demoCommand struct {
	NoServe bool `help:"Only fill the folder, and stop."`
	People  int  `default:"40" help:"How many people there are, 5 to 1000."`
}

// Help says more than the one line.
func (demoCommand) Help() string {
	return `Everything is embedded, and kept in the folder pulse-demo unless PULSE_DATA_DIR names another. The second time the folder
is served as it is; delete it for a new demo. PULSE_ADDR and the other settings hold as for pulse serve, except for
those that name a database, a Redis or a NATS elsewhere: with these the demo refuses to start.

Examples:
  pulse demo
  PULSE_ADDR=127.0.0.1:8081 PULSE_DATA_DIR=/tmp/demo pulse demo --people 200`
}

// demoDefaults are the settings that a demo has unless the environment sets them.
var demoDefaults = map[string]string{
	"PULSE_DATA_DIR":   "pulse-demo",
	"PULSE_LOG_LEVEL":  "warn",
	"PULSE_LOG_FORMAT": "text",
	// All its people call from one address.
	"PULSE_RATE_READ": "0", "PULSE_RATE_WRITE": "0", "PULSE_RATE_SIGN_IN": "0", "PULSE_RATE_EXPENSIVE": "0", "PULSE_RATE_ACCOUNT": "0",
}

// Run implements the command.
func (c demoCommand) Run(ctx context.Context) error {
	return c.run(ctx, os.LookupEnv, os.Stdout)
}

func (c demoCommand) run(ctx context.Context, env func(string) (string, bool), out io.Writer) error {
	if c.People < demo.MinPeople || c.People > demo.MaxPeople {
		return fmt.Errorf("--people %d: give %d to %d", c.People, demo.MinPeople, demo.MaxPeople)
	}
	config, err := demoConfig(env)
	if err != nil {
		return err
	}
	folder, err := demo.OpenFolder(config.Store.DataDir, c.People)
	if err != nil {
		return err
	}
	a, err := app.New(config, app.Options{Version: version()})
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return err
	}
	return errors.Join(c.show(ctx, a, folder, config.Store.DataDir, out), a.Stop(context.WithoutCancel(ctx)))
}

// demoConfig is the configuration over the defaults of a demo.
func demoConfig(env func(string) (string, bool)) (app.Config, error) {
	config, _, err := app.LoadConfig(func(name string) (string, bool) {
		value, ok := env(name)
		_, fromFile := env(name + "_FILE")
		if byDefault, has := demoDefaults[name]; has && !ok && !fromFile {
			return byDefault, true
		}
		return value, ok
	})
	if err != nil {
		return config, err
	}
	for _, elsewhere := range []struct{ name, value string }{
		{"PULSE_DATABASE_URL", config.Store.DatabaseURL},
		{"PULSE_REDIS_URL", config.KV.URL},
		{"PULSE_NATS_URL", config.Bus.URL},
	} {
		if elsewhere.value != "" {
			return config, fmt.Errorf("%s is set, but a demo embeds everything: unset it, or use pulse serve and pulse seed", elsewhere.name)
		}
	}
	return config, nil
}

// show fills the Pulse, says how to look around, and waits until ctx ends unless it is only to be filled.
func (c demoCommand) show(ctx context.Context, a *app.App, folder *demo.Folder, dir string, out io.Writer) error {
	inProcess := pulse.WithTransport(connectinprocess.New(a.Server()))
	err := folder.Fill(ctx, a.URL(), display(), inProcess)
	if errors.Is(err, context.Canceled) {
		return errors.New("interrupted: run the same command again to fill in what is missing")
	}
	if err != nil {
		return err
	}
	visit, err := demo.NewVisit(ctx, a.URL(), inProcess)
	if err != nil {
		return err
	}
	c.explain(out, visit, folder, dir)
	if !c.NoServe {
		<-ctx.Done()
	}
	return nil
}

// explain says how to look around.
func (c demoCommand) explain(out io.Writer, v demo.Visit, folder *demo.Folder, dir string) {
	fmt.Fprintf(out, "\nA Pulse with %d people, in the folder %s.\n\n", folder.People, dir)
	if c.NoServe {
		fmt.Fprintf(out, "Serve it      PULSE_DATA_DIR=%s pulse serve\n", dir)
	}
	fmt.Fprintf(out, "Address       %s\nLog in        %s, password: %s (everybody's)\n\n", v.URL, demo.Handle, demo.Password)
	when := ""
	if c.NoServe {
		when = " while it is served"
	}
	fmt.Fprintf(out, "To try%s; the token lives ten minutes:\n\n", when)
	for _, command := range v.Commands() {
		fmt.Fprintf(out, "%s\n\n", command)
	}
	if !c.NoServe {
		fmt.Fprintln(out, "Stop it with Ctrl-C.")
	}
}
