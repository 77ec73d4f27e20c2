package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pulse-social/pulse/services/app"
)

// auditCommand is about the log of what has to be accounted for.
type auditCommand struct {
	List   auditListCommand   `cmd:"" help:"List audit records, newest first."`
	Verify auditVerifyCommand `cmd:"" help:"Check that no audit record was altered, taken out or put in."`
}

// Help says more than the one line.
func (auditCommand) Help() string {
	return `Log-ins, log-outs, changes of passwords and second factors, roles, API keys, signing keys, suspensions and deletions leave
a record, in the transaction of the act itself. The records are a chain of hashes.

Examples:
  pulse audit list --subject 3815020713164800
  pulse audit verify
  pulse audit verify --head 1042:9f2c...`
}

// auditListCommand lists audit records.
type auditListCommand struct {
	Subject int64  `help:"Only those about this account or key."`
	Action  string `help:"Only those of this action, such as account.role_changed."`
	Before  int64  `help:"Only those before this record: the way to the next page."`
	Limit   int    `help:"How many at most." default:"100"`
	JSON    bool   `help:"Print a JSON object a line for programs."`
}

// Run implements the command.
func (c auditListCommand) Run(ctx context.Context) error {
	config, _, err := app.LoadConfig(os.LookupEnv)
	if err != nil {
		return err
	}
	records, err := app.ListAudit(ctx, config, app.AuditFilter{SubjectID: c.Subject, Action: c.Action, Before: c.Before, Limit: c.Limit})
	if err != nil {
		return err
	}
	if c.JSON {
		encoder := json.NewEncoder(os.Stdout)
		for _, record := range records {
			if err := encoder.Encode(record); err != nil {
				return err
			}
		}
		return nil
	}
	return printRecords(records)
}

func printRecords(records []app.AuditRecord) error {
	if len(records) == 0 {
		fmt.Println("no audit records")
		return nil
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RECORD\tTIME\tACTION\tSUBJECT\tBY\tDETAILS")
	for _, r := range records {
		by := r.ActorKind
		if r.ActorID != 0 {
			by = fmt.Sprintf("%s %d", by, r.ActorID)
		}
		var details []string
		for _, key := range slices.Sorted(maps.Keys(r.Details)) {
			details = append(details, fmt.Sprintf("%s=%q", key, r.Details[key]))
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%d\t%s\t%s\n", r.ID, r.Time.Format(time.RFC3339), r.Action, r.SubjectID, by, strings.Join(details, " "))
	}
	return table.Flush()
}

// auditVerifyCommand checks the chain.
type auditVerifyCommand struct {
	Head string `help:"A head that an earlier verification printed: the log has to have it still." placeholder:"RECORD:HASH"`
	JSON bool   `help:"Print JSON for programs."`
}

// Help says more than the one line.
func (auditVerifyCommand) Help() string {
	return `The exit code is 0 when the log is sound, and 1 otherwise. It prints the head of the log: whoever keeps that elsewhere and
gives it with --head later notices also when somebody who may change everything in the database has written the whole log anew.`
}

// Run implements the command.
func (c auditVerifyCommand) Run(ctx context.Context) error {
	config, _, err := app.LoadConfig(os.LookupEnv)
	if err != nil {
		return err
	}
	report, err := app.VerifyAudit(ctx, config, c.Head)
	if err != nil {
		return err
	}
	if c.JSON {
		if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
			return err
		}
	} else {
		for _, problem := range report.Problems {
			fmt.Println(problem)
		}
		fmt.Printf("%d audit records, head %s\n", report.Records, report.Head)
	}
	if len(report.Problems) > 0 {
		return errors.New("the audit log is not what it was")
	}
	return nil
}
