package auth

import (
	"context"
	"fmt"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/account"
)

// A Role is what a caller may do beyond what everybody may. Of people, a greater one may do all that a lesser one may.
type Role int32

// The roles. Those of people are what the column of the account holds.
const (
	RoleUser      Role = 0
	RoleModerator Role = 1
	RoleAdmin     Role = 2
	// RoleService is that of a program with an API key. It is no person's.
	RoleService Role = 3
)

// roleNames are how tokens, errors and commands call them.
var roleNames = [...]string{"user", "moderator", "admin", "service"}

// String answers the role's name.
func (r Role) String() string {
	if r < 0 || int(r) >= len(roleNames) {
		return fmt.Sprintf("role %d", int32(r))
	}
	return roleNames[r]
}

// ParseRole answers the role of a name.
func ParseRole(name string) (Role, bool) {
	for role, known := range roleNames {
		if known == name {
			return Role(role), true
		}
	}
	return 0, false
}

// The states of an account, as its column holds them.
const (
	StateActive      int32 = 0
	StateDeactivated int32 = 1
	StateSuspended   int32 = 2
	StateDeleted     int32 = 3
)

// CurrentRole answers what role a signed-in person has at this moment, which the token may be too old to know.
func (v *Verifier) CurrentRole(ctx context.Context, userID int64) (Role, error) {
	row, err := v.sessions.db.Account.Query().Where(account.ID(userID), account.State(StateActive)).Only(ctx)
	if ent.IsNotFound(err) {
		return RoleUser, ErrRevoked
	}
	if err != nil {
		return RoleUser, fmt.Errorf("check the role: %w", err)
	}
	return Role(row.Role), nil
}
