package identity

import (
	"context"
	"strconv"

	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/credential"
	"github.com/pulse-social/pulse/ent/emailtoken"
	"github.com/pulse-social/pulse/ent/linkedidentity"
	"github.com/pulse-social/pulse/ent/outgoingmail"
	"github.com/pulse-social/pulse/ent/recoverycode"
	"github.com/pulse-social/pulse/ent/refreshtoken"
	entsession "github.com/pulse-social/pulse/ent/session"
	"github.com/pulse-social/pulse/ent/signinattempt"
	"github.com/pulse-social/pulse/ent/signinchallenge"
	"github.com/pulse-social/pulse/ent/totpsecret"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/store"
)

// deleteAccount ends an account: from its transaction on nobody sees or can be the person. What is left of it is a row
// without a name, so that its id is never another's, and its sessions, until all servers know that they have ended.
func deleteAccount(ctx context.Context, tx *store.Tx, row *ent.Account) error {
	if err := reserveHandle(ctx, tx, row); err != nil {
		return err
	}
	// No handle has a colon.
	gone := "deleted:" + strconv.FormatInt(row.ID, 10)
	err := tx.Account.UpdateOneID(row.ID).SetState(auth.StateDeleted).SetRole(int32(auth.RoleUser)).SetHandle(gone).SetHandleKey(gone).Exec(ctx)
	if err != nil {
		return err
	}
	if _, err := revoke(ctx, tx, entsession.UserID(row.ID)); err != nil {
		return err
	}
	for _, erase := range []interface {
		Exec(ctx context.Context) (int, error)
	}{
		tx.Credential.Delete().Where(credential.ID(row.ID)),
		tx.EmailToken.Delete().Where(emailtoken.UserID(row.ID)),
		tx.TotpSecret.Delete().Where(totpsecret.ID(row.ID)),
		tx.RecoveryCode.Delete().Where(recoverycode.UserID(row.ID)),
		tx.SignInChallenge.Delete().Where(signinchallenge.UserID(row.ID)),
		tx.SignInAttempt.Delete().Where(signinattempt.UserID(row.ID)),
		tx.LinkedIdentity.Delete().Where(linkedidentity.UserID(row.ID)),
		tx.OutgoingMail.Delete().Where(outgoingmail.UserID(row.ID)),
	} {
		if _, err := erase.Exec(ctx); err != nil {
			return err
		}
	}
	return tx.Emit(&busv1.AccountDeleted{UserId: row.ID})
}

// eraseConsumer erases the sessions of people who deleted their accounts, when all servers know that they have ended.
func eraseConsumer(sessions *auth.Sessions) bus.Consumer {
	return bus.Consumer{
		Name:   "identity.erase",
		Events: []proto.Message{&busv1.AccountDeleted{}},
		Apply: func(ctx context.Context, tx *store.Tx, events []bus.Event) error {
			people := make([]int64, len(events))
			for i, event := range events {
				people[i] = event.AggregateID
			}
			theirs, err := tx.Session.Query().Where(entsession.UserIDIn(people...)).IDs(ctx)
			if err != nil || len(theirs) == 0 {
				return err
			}
			if err := bus.Later(sessions.End(ctx, theirs...)); err != nil {
				return err
			}
			if _, err := tx.RefreshToken.Delete().Where(refreshtoken.SessionIDIn(theirs...)).Exec(ctx); err != nil {
				return err
			}
			_, err = tx.Session.Delete().Where(entsession.IDIn(theirs...)).Exec(ctx)
			return err
		},
	}
}
