package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/pulse-social/pulse/services/app"
)

// migrateCommand brings the schema up to date.
type migrateCommand struct {
	Roles bool `help:"Make a Postgres role of each service too, and grant it what the service may do."`
}

// Help says more than the one line.
func (migrateCommand) Help() string {
	return `With --roles each service has a role on Postgres, such as pulse_post, that cannot log in. It reads all tables but the
secrets of other services and changes only what its service owns. Let each process log in as a user who is a member of the
roles of its services:

  pulse migrate --roles
  CREATE ROLE timelines LOGIN PASSWORD '...' IN ROLE pulse_post, pulse_timeline;
  PULSE_DATABASE_URL=postgres://timelines:...@db/pulse pulse serve post timeline

It can be repeated, and has to be after each migration. The user who migrates owns the tables and needs CREATEROLE.`
}

// Run implements the command.
func (m migrateCommand) Run(ctx context.Context) error {
	config, _, err := app.LoadConfig(os.LookupEnv)
	if err != nil {
		return err
	}
	applied, err := app.Migrate(ctx, config)
	if err != nil {
		return err
	}
	if applied == 0 {
		fmt.Println("the schema is up to date")
	} else {
		fmt.Printf("applied %d migrations: the schema is up to date\n", applied)
	}
	if !m.Roles {
		return nil
	}
	roles, err := app.GrantRoles(ctx, config)
	if err != nil {
		return err
	}
	fmt.Println("granted to", strings.Join(roles, ", "))
	return nil
}
