package main

import (
	"context"
	"fmt"
	"os"

	"github.com/pulse-social/pulse/services/app"
)

// migrateCommand brings the schema up to date.
type migrateCommand struct{}

// Run implements the command.
func (migrateCommand) Run(ctx context.Context) error {
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
	return nil
}
