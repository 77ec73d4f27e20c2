package identity

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/account"
	"github.com/pulse-social/pulse/ent/formerhandle"
	entsession "github.com/pulse-social/pulse/ent/session"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// handleReserved is how long a handle that was given up stays out of use for others.
const handleReserved = 30 * 24 * time.Hour

// accounts serves pulse.identity.v1.AccountService.
type accounts struct {
	*handler

	stamps *stamp.Book
}

// ChangeHandle gives the caller another handle.
func (a *accounts) ChangeHandle(ctx context.Context, req *identityv1.ChangeHandleRequest) (*identityv1.ChangeHandleResponse, error) {
	userID := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, a.db, func(tx *store.Tx) (*identityv1.ChangeHandleResponse, error) {
		row, err := tx.Account.Get(ctx, userID)
		if err != nil {
			return nil, err
		}
		if row.Handle != req.GetHandle() {
			if err := changeHandle(ctx, tx, row, req.GetHandle()); err != nil {
				return nil, err
			}
		}
		changed, err := accountOf(ctx, tx.Client, userID)
		return &identityv1.ChangeHandleResponse{Account: changed}, err
	})
	if err != nil {
		return nil, err
	}
	a.stamps.Changed(ctx, userID, stamp.Edits)
	a.hints.Announce(bus.PersonChanged, userID)
	return answer, nil
}

func changeHandle(ctx context.Context, tx *store.Tx, row *ent.Account, handle string) error {
	key := strings.ToLower(handle)
	if key != row.HandleKey {
		taken, err := handleTaken(ctx, tx.Client, key, row.ID, tx.Now)
		if err != nil {
			return err
		}
		if taken {
			return handleTakenError(handle)
		}
		if err := reserveHandle(ctx, tx, row); err != nil {
			return err
		}
		// A reservation that is over, or the caller's own, makes room.
		if _, err := tx.FormerHandle.Delete().Where(formerhandle.HandleKey(key)).Exec(ctx); err != nil {
			return err
		}
	}
	if err := tx.Account.UpdateOneID(row.ID).SetHandle(handle).SetHandleKey(key).Exec(ctx); err != nil {
		return err
	}
	audit.Record(ctx, tx, audit.HandleChanged, row.ID, audit.Details{"from": row.Handle, "to": handle})
	return tx.Emit(&busv1.HandleChanged{UserId: row.ID, OldHandle: row.Handle, NewHandle: handle})
}

// reserveHandle keeps the handle of an account out of use for others.
func reserveHandle(ctx context.Context, tx *store.Tx, row *ent.Account) error {
	if _, err := tx.FormerHandle.Delete().Where(formerhandle.HandleKey(row.HandleKey)).Exec(ctx); err != nil {
		return err
	}
	return tx.FormerHandle.Create().SetID(tx.NewID()).SetUserID(row.ID).SetHandleKey(row.HandleKey).
		SetReservedUntil(tx.Now.Add(handleReserved)).Exec(ctx)
}

// handleTaken tells whether a handle, in lower case, is somebody's, or reserved for somebody other than the account.
func handleTaken(ctx context.Context, client *ent.Client, key string, accountID int64, now time.Time) (bool, error) {
	taken, err := client.Account.Query().Where(account.HandleKey(key)).Exist(ctx)
	if err == nil && !taken {
		taken, err = client.FormerHandle.Query().
			Where(formerhandle.HandleKey(key), formerhandle.UserIDNEQ(accountID), formerhandle.ReservedUntilGT(now)).Exist(ctx)
	}
	if err != nil {
		return false, fmt.Errorf("look for the handle: %w", err)
	}
	return taken, nil
}

func handleTakenError(handle string) error {
	return rpc.Fail(errorsv1.Reason_REASON_HANDLE_TAKEN, "the handle %q is taken: choose another", handle).With("handle", handle)
}

// DeactivateAccount hides the caller until they log in again.
func (a *accounts) DeactivateAccount(ctx context.Context, _ *identityv1.DeactivateAccountRequest) (*identityv1.DeactivateAccountResponse, error) {
	return &identityv1.DeactivateAccountResponse{}, a.end(ctx, func(tx *store.Tx, row *ent.Account) error {
		audit.Record(ctx, tx, audit.AccountDeactivated, row.ID, nil)
		return leave(ctx, tx, row, auth.StateDeactivated)
	})
}

// DeleteAccount ends the caller's account for good.
func (a *accounts) DeleteAccount(ctx context.Context, _ *identityv1.DeleteAccountRequest) (*identityv1.DeleteAccountResponse, error) {
	return &identityv1.DeleteAccountResponse{}, a.end(ctx, func(tx *store.Tx, row *ent.Account) error {
		audit.Record(ctx, tx, audit.AccountDeleted, row.ID, nil)
		return deleteAccount(ctx, tx, row)
	})
}

// end does what ends the caller's sessions, and answers when they have ended everywhere. A call that is repeated finds its
// session ended.
func (a *accounts) end(ctx context.Context, how func(*store.Tx, *ent.Account) error) error {
	userID := auth.Caller(ctx).UserID
	err := a.db.Write(ctx, func(tx *store.Tx) error {
		row, err := tx.Account.Get(ctx, userID)
		if err != nil {
			return err
		}
		return how(tx, row)
	})
	if err == nil {
		a.hints.Announce(bus.PersonChanged, userID)
	}
	return a.ended(ctx, entsession.UserID(userID), err)
}
