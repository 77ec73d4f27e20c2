package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/pulse-social/pulse/services/app"
)

// userCommand is about accounts.
type userCommand struct {
	List    userListCommand    `cmd:"" help:"List accounts in the order of their registration."`
	Show    userShowCommand    `cmd:"" help:"Show one account."`
	Role    userRoleCommand    `cmd:"" help:"Give a person a role: user, moderator or admin."`
	Suspend userSuspendCommand `cmd:"" help:"Hide a person and all that is theirs, and end their sessions."`
	Restore userRestoreCommand `cmd:"" help:"End a suspension."`
}

// Help says more than the one line.
func (userCommand) Help() string {
	return `The commands work on the configured database, beside servers that run or while none does, and leave an audit record.

Examples:
  pulse user role ada admin          the first admin, who can give roles by AdminService from then on
  pulse user list --role moderator   who may do more than users
  pulse user suspend eve --reason spam`
}

// userListCommand lists accounts.
type userListCommand struct {
	Role  string `help:"The least role that they have." default:"user" enum:"user,moderator,admin"`
	After int64  `help:"Only accounts after this id: the way to the next page."`
	Limit int    `help:"How many at most." default:"100"`
	JSON  bool   `help:"Print a JSON object a line for programs."`
}

// Run implements the command.
func (c userListCommand) Run(ctx context.Context) error {
	return withUsers(ctx, func(u *app.Users) error {
		people, err := u.List(ctx, c.Role, c.After, c.Limit)
		if err != nil {
			return err
		}
		return printPeople(people, c.JSON)
	})
}

// userShowCommand shows an account.
type userShowCommand struct {
	Handle string `arg:"" help:"Their handle."`
	JSON   bool   `help:"Print JSON for programs."`
}

// Run implements the command.
func (c userShowCommand) Run(ctx context.Context) error {
	return withUsers(ctx, func(u *app.Users) error {
		person, err := u.Find(ctx, c.Handle)
		if err != nil {
			return err
		}
		return printPeople([]app.Person{person}, c.JSON)
	})
}

func printPeople(people []app.Person, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(os.Stdout)
		for _, person := range people {
			if err := encoder.Encode(person); err != nil {
				return err
			}
		}
		return nil
	}
	if len(people) == 0 {
		fmt.Println("nobody")
		return nil
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tHANDLE\tROLE\tSTATE\tSINCE\tSESSIONS")
	for _, p := range people {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%d\n", p.ID, p.Handle, p.Role, p.State, p.Created.Format(time.RFC3339), p.Sessions)
	}
	return table.Flush()
}

// userRoleCommand gives a role.
type userRoleCommand struct {
	Handle string `arg:"" help:"Their handle."`
	Role   string `arg:"" help:"user, moderator or admin." enum:"user,moderator,admin"`
}

// Run implements the command.
func (c userRoleCommand) Run(ctx context.Context) error {
	return withUsers(ctx, func(u *app.Users) error { return u.SetRole(ctx, c.Handle, c.Role) })
}

// userSuspendCommand suspends.
type userSuspendCommand struct {
	Handle string `arg:"" help:"Their handle."`
	Reason string `help:"Why, for the audit log."`
}

// Run implements the command.
func (c userSuspendCommand) Run(ctx context.Context) error {
	return withUsers(ctx, func(u *app.Users) error { return u.Suspend(ctx, c.Handle, c.Reason) })
}

// userRestoreCommand ends a suspension.
type userRestoreCommand struct {
	Handle string `arg:"" help:"Their handle."`
}

// Run implements the command.
func (c userRestoreCommand) Run(ctx context.Context) error {
	return withUsers(ctx, func(u *app.Users) error { return u.Restore(ctx, c.Handle) })
}

// withUsers opens the accounts of the configured database.
func withUsers(ctx context.Context, do func(*app.Users) error) error {
	config, _, err := app.LoadConfig(os.LookupEnv)
	if err != nil {
		return err
	}
	users, err := app.OpenUsers(ctx, config)
	if err != nil {
		return err
	}
	return errors.Join(do(users), users.Close())
}
