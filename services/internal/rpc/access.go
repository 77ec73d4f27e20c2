package rpc

import (
	"context"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	optionsv1 "github.com/pulse-social/pulse/gen/pulse/options/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
)

// leastRole is the role that a caller must have at least.
func leastRole(access optionsv1.Access) auth.Role {
	switch access {
	case optionsv1.Access_ACCESS_MODERATOR:
		return auth.RoleModerator
	case optionsv1.Access_ACCESS_ADMIN:
		return auth.RoleAdmin
	case optionsv1.Access_ACCESS_SERVICE:
		return auth.RoleService
	default:
		return auth.RoleUser
	}
}

// admit lets a caller through whom an access lets through, with the role that they have now. Only where more is at stake
// than what every user may is the database asked for it: a role that was taken away lets nobody do a thing more.
func admit(ctx context.Context, verifier *auth.Verifier, access optionsv1.Access, caller auth.Principal) (auth.Principal, error) {
	least := leastRole(access)
	if caller.SignedIn() && (caller.Role != auth.RoleUser || least != auth.RoleUser) {
		role, err := verifier.CurrentRole(ctx, caller.UserID)
		if err != nil {
			return caller, err
		}
		caller.Role = role
	}
	switch {
	case access == optionsv1.Access_ACCESS_PUBLIC:
		return caller, nil
	case caller.Token == "":
		return caller, Fail(errorsv1.Reason_REASON_SIGN_IN_REQUIRED, "this call needs a caller who is known: send an access token, or the API key of a service, as Authorization: Bearer <token>")
	case (least == auth.RoleService) != (caller.Role == auth.RoleService) || caller.Role < least:
		return caller, Fail(errorsv1.Reason_REASON_ROLE_REQUIRED, "this call is for callers of the role %s: yours is %s", least, caller.Role).With("role", least)
	}
	return caller, nil
}
