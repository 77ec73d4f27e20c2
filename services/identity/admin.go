package identity

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/account"
	entsession "github.com/pulse-social/pulse/ent/session"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// admin serves pulse.identity.v1.AdminService.
type admin struct {
	*handler

	apiKeys  *auth.APIKeys
	verifier *auth.Verifier
}

// roleToProto is a role as the API calls it.
func roleToProto(role auth.Role) identityv1.Role { return identityv1.Role(role + 1) }

// SetRole gives a person a role.
func (a *admin) SetRole(ctx context.Context, req *identityv1.SetRoleRequest) (*identityv1.SetRoleResponse, error) {
	return store.Answer(ctx, a.db, func(tx *store.Tx) (*identityv1.SetRoleResponse, error) {
		target, err := another(ctx, tx, req.GetUserId())
		if err != nil {
			return nil, err
		}
		return &identityv1.SetRoleResponse{}, setRole(ctx, tx, target, auth.Role(req.GetRole()-1), callerRecords(ctx, tx))
	})
}

// another answers an account that the caller is about to act on: not their own.
func another(ctx context.Context, tx *store.Tx, userID int64) (*ent.Account, error) {
	if userID == auth.Caller(ctx).UserID {
		return nil, rpc.Fail(errorsv1.Reason_REASON_CANNOT_ACT_ON_SELF, "this is your own account: another admin has to do that")
	}
	target, err := tx.Account.Query().Where(account.ID(userID), account.StateNEQ(auth.StateDeleted)).Only(ctx)
	if store.IsNotFound(err) {
		return nil, rpc.Fail(errorsv1.Reason_REASON_USER_NOT_FOUND, "there is no person of that id")
	}
	return target, err
}

// records writes an audit record about a subject.
type records func(action audit.Action, subjectID int64, details audit.Details)

// callerRecords are records by the caller.
func callerRecords(ctx context.Context, tx *store.Tx) records {
	return func(action audit.Action, subjectID int64, details audit.Details) {
		audit.Record(ctx, tx, action, subjectID, details)
	}
}

// setRole gives an account a role. Tokens may say another until they are refreshed; whoever calls for more than a user may
// is asked for by the database.
func setRole(ctx context.Context, tx *store.Tx, target *ent.Account, role auth.Role, record records) error {
	was := auth.Role(target.Role)
	if was == role {
		return nil
	}
	record(audit.RoleChanged, target.ID, audit.Details{"from": was.String(), "to": role.String()})
	return tx.Account.UpdateOneID(target.ID).SetRole(int32(role)).Exec(ctx)
}

// SuspendAccount hides a person and ends their sessions.
func (a *admin) SuspendAccount(ctx context.Context, req *identityv1.SuspendAccountRequest) (*identityv1.SuspendAccountResponse, error) {
	answer, err := store.Answer(ctx, a.db, func(tx *store.Tx) (*identityv1.SuspendAccountResponse, error) {
		target, err := a.judged(ctx, tx, req.GetUserId())
		if err != nil {
			return nil, err
		}
		return &identityv1.SuspendAccountResponse{}, suspend(ctx, tx, target, req.GetReason(), callerRecords(ctx, tx))
	})
	if err != nil {
		return nil, err
	}
	a.hints.Announce(bus.PersonChanged, req.GetUserId())
	return answer, a.ended(ctx, entsession.UserID(req.GetUserId()), nil)
}

// RestoreAccount ends a suspension.
func (a *admin) RestoreAccount(ctx context.Context, req *identityv1.RestoreAccountRequest) (*identityv1.RestoreAccountResponse, error) {
	answer, err := store.Answer(ctx, a.db, func(tx *store.Tx) (*identityv1.RestoreAccountResponse, error) {
		target, err := a.judged(ctx, tx, req.GetUserId())
		if err != nil {
			return nil, err
		}
		return &identityv1.RestoreAccountResponse{}, restore(ctx, tx, target, callerRecords(ctx, tx))
	})
	if err == nil {
		a.hints.Announce(bus.PersonChanged, req.GetUserId())
	}
	return answer, err
}

// judged answers an account that the caller may suspend and restore: one of a lesser role.
func (a *admin) judged(ctx context.Context, tx *store.Tx, userID int64) (*ent.Account, error) {
	target, err := another(ctx, tx, userID)
	if err != nil {
		return nil, err
	}
	if theirs, own := auth.Role(target.Role), auth.Caller(ctx).Role; theirs >= own {
		least := auth.RoleAdmin
		return nil, rpc.Fail(errorsv1.Reason_REASON_ROLE_REQUIRED, "the person is %s, and you are %s: an admin has to take their role away first", theirs, own).With("role", least)
	}
	return target, nil
}
