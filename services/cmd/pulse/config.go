package main

import (
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/pulse-social/pulse/services/app"
)

// configCommand prints the configuration in force.
type configCommand struct {
	JSON bool `help:"Print JSON for programs."`
}

// Run implements the command.
func (c configCommand) Run() error {
	_, settings, err := app.LoadConfig(os.LookupEnv)
	if c.JSON {
		if encodeErr := json.NewEncoder(os.Stdout).Encode(settings); encodeErr != nil {
			return encodeErr
		}
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "VARIABLE\tVALUE\tFROM\tMEANING")
	for _, s := range settings {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", s.Name, s.Value, s.Source, s.Doc)
	}
	if flushErr := table.Flush(); flushErr != nil {
		return flushErr
	}
	return err
}
