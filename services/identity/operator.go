package identity

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/account"
	entsession "github.com/pulse-social/pulse/ent/session"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

// An Operator does with accounts what whoever runs the machine may, beside processes that run or while none does.
type Operator struct {
	// DB is the database as identity has it.
	DB *store.DB
	// Sessions tells Redis of sessions that end. It is nil where Redis is inside another process, which learns it from the
	// events then.
	Sessions *auth.Sessions
	// Who is the system's user, for the audit log.
	Who string
}

// A Person is an account as operators see it.
type Person struct {
	ID      int64     `json:"id,string"`
	Handle  string    `json:"handle"`
	Role    string    `json:"role"`
	State   string    `json:"state"`
	Created time.Time `json:"created"`
	// Sessions is how many live.
	Sessions int `json:"sessions"`
}

// stateNames are how operators call the states.
var stateNames = map[int32]string{
	auth.StateActive: "active", auth.StateDeactivated: "deactivated", auth.StateSuspended: "suspended", auth.StateDeleted: "deleted",
}

func personOf(row *ent.Account, sessions int) Person {
	return Person{
		ID: row.ID, Handle: row.Handle, Role: auth.Role(row.Role).String(), State: stateNames[row.State],
		Created: id.Time(row.ID), Sessions: sessions,
	}
}

// List answers accounts in the order of their registration, after the one of that id; role is the least that they have.
func (o Operator) List(ctx context.Context, role auth.Role, after int64, limit int) ([]Person, error) {
	rows, err := o.DB.Account.Query().Where(account.RoleGTE(int32(role)), account.IDGT(after), account.StateNEQ(auth.StateDeleted)).
		Order(account.ByID()).Limit(limit).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	var live []struct {
		UserID int64 `json:"user_id"`
		Count  int   `json:"count"`
	}
	err = o.DB.Session.Query().Where(entsession.UserIDIn(ids...), entsession.RevokedAtIsNil(), entsession.ExpiresAtGT(time.Now())). //nolint:forbidigo // A command has no other clock.
																	GroupBy(entsession.FieldUserID).Aggregate(ent.Count()).Scan(ctx, &live)
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	sessions := make(map[int64]int, len(live))
	for _, of := range live {
		sessions[of.UserID] = of.Count
	}
	people := make([]Person, len(rows))
	for i, row := range rows {
		people[i] = personOf(row, sessions[row.ID])
	}
	return people, nil
}

// Find answers the account of a handle, with or without @.
func (o Operator) Find(ctx context.Context, handle string) (Person, error) {
	row, err := find(ctx, o.DB.Client, handle)
	if err != nil {
		return Person{}, err
	}
	people, err := o.List(ctx, auth.RoleUser, row.ID-1, 1)
	if err != nil || len(people) == 0 {
		return Person{}, err
	}
	return people[0], nil
}

func find(ctx context.Context, client *ent.Client, handle string) (*ent.Account, error) {
	row, err := client.Account.Query().Where(account.HandleKey(strings.ToLower(strings.TrimPrefix(handle, "@"))), account.StateNEQ(auth.StateDeleted)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fmt.Errorf("nobody has the handle %q: pulse user list shows who there is", handle)
	}
	return row, err
}

// SetRole gives somebody a role.
func (o Operator) SetRole(ctx context.Context, handle string, role auth.Role) error {
	return o.change(ctx, handle, func(tx *store.Tx, row *ent.Account, record records) error { return setRole(ctx, tx, row, role, record) })
}

// Suspend hides somebody and ends their sessions.
func (o Operator) Suspend(ctx context.Context, handle, reason string) error {
	return o.change(ctx, handle, func(tx *store.Tx, row *ent.Account, record records) error {
		return suspend(ctx, tx, row, reason, record)
	})
}

// Restore ends a suspension.
func (o Operator) Restore(ctx context.Context, handle string) error {
	return o.change(ctx, handle, func(tx *store.Tx, row *ent.Account, record records) error { return restore(ctx, tx, row, record) })
}

// change does something to an account, and tells Redis of the sessions that it ended.
func (o Operator) change(ctx context.Context, handle string, fn func(*store.Tx, *ent.Account, records) error) error {
	var userID int64
	err := o.DB.Write(ctx, func(tx *store.Tx) error {
		row, err := find(ctx, tx.Client, handle)
		if err != nil {
			return err
		}
		userID = row.ID
		return fn(tx, row, func(action audit.Action, subjectID int64, details audit.Details) {
			audit.RecordByOperator(ctx, tx, action, o.Who, subjectID, details)
		})
	})
	if err != nil || o.Sessions == nil {
		return err
	}
	ids, err := o.DB.Session.Query().Where(entsession.UserID(userID), entsession.RevokedAtNotNil()).IDs(ctx)
	if err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	return o.Sessions.End(ctx, ids...)
}
