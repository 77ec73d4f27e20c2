// Command layout prints the layout of Pulse's services as JSON, for those who generate what deploys them.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/pulse-social/pulse/services/app"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "layout:", err)
		os.Exit(1)
	}
}

func run() error {
	layout, err := app.DescribeLayout()
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(layout)
}
