package app

import (
	"context"
	"errors"
	"fmt"
	"os/user"

	"github.com/pulse-social/pulse/services/identity"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/kv"
	"github.com/pulse-social/pulse/services/internal/store"
)

// Person is an account as operators see it.
type Person = identity.Person

// Users are the accounts of a database. What is done to them takes effect on processes that run within a second.
type Users struct {
	operator identity.Operator
	store    *store.Store
	kv       *kv.KV // nil when it is inside another process.
}

// OpenUsers opens the accounts of the configured database.
func OpenUsers(ctx context.Context, c Config) (*Users, error) {
	s, err := openCurrentStore(ctx, c)
	if err != nil {
		return nil, err
	}
	u := &Users{store: s, operator: identity.Operator{DB: s.For("identity"), Who: systemUser()}}
	if c.KV.URL != "" {
		if u.kv, err = kv.Open(ctx, c.KV); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		u.operator.Sessions = auth.NewSessions(u.operator.DB, u.kv, clock.System)
	}
	return u, nil
}

// systemUser is who runs the command.
func systemUser() string {
	if current, err := user.Current(); err == nil {
		return current.Username
	}
	return "unknown"
}

// Close closes the database.
func (u *Users) Close() error {
	if u.kv != nil {
		u.kv.Close()
	}
	return u.store.Close()
}

// List answers accounts in the order of their registration, after the one of that id. role is the least that they have.
func (u *Users) List(ctx context.Context, role string, after int64, limit int) ([]Person, error) {
	least, err := roleOf(role)
	if err != nil {
		return nil, err
	}
	return u.operator.List(ctx, least, after, limit)
}

// Find answers the account of a handle.
func (u *Users) Find(ctx context.Context, handle string) (Person, error) {
	return u.operator.Find(ctx, handle)
}

// SetRole gives somebody a role: user, moderator or admin.
func (u *Users) SetRole(ctx context.Context, handle, role string) error {
	given, err := roleOf(role)
	if err != nil {
		return err
	}
	return u.operator.SetRole(ctx, handle, given)
}

// Suspend hides somebody and all that is theirs, and ends their sessions.
func (u *Users) Suspend(ctx context.Context, handle, reason string) error {
	return u.operator.Suspend(ctx, handle, reason)
}

// Restore ends a suspension.
func (u *Users) Restore(ctx context.Context, handle string) error {
	return u.operator.Restore(ctx, handle)
}

func roleOf(name string) (auth.Role, error) {
	role, ok := auth.ParseRole(name)
	if !ok || role == auth.RoleService {
		return 0, fmt.Errorf("there is no role %q for people: use user, moderator or admin", name)
	}
	return role, nil
}
