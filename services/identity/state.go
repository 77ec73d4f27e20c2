package identity

import (
	"context"

	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent"
	entsession "github.com/pulse-social/pulse/ent/session"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// suspend hides an account and ends its sessions. Who is suspended already stays so.
func suspend(ctx context.Context, tx *store.Tx, target *ent.Account, reason string, record records) error {
	if target.State == auth.StateSuspended {
		return nil
	}
	record(audit.AccountSuspended, target.ID, audit.Details{"reason": reason})
	return leave(ctx, tx, target, auth.StateSuspended)
}

// restore ends a suspension. Who is not suspended stays as they are.
func restore(ctx context.Context, tx *store.Tx, target *ent.Account, record records) error {
	if target.State != auth.StateSuspended {
		return nil
	}
	record(audit.AccountRestored, target.ID, nil)
	return enter(ctx, tx, target)
}

// leave makes an account inactive and ends its sessions. The account's row comes first: whoever is logging in keeps it as
// it is until they have, so that their session is among those that are found after.
func leave(ctx context.Context, tx *store.Tx, target *ent.Account, state int32) error {
	if err := tx.Account.UpdateOneID(target.ID).SetState(state).Exec(ctx); err != nil {
		return err
	}
	if _, err := revoke(ctx, tx, entsession.UserID(target.ID)); err != nil {
		return err
	}
	if target.State != auth.StateActive {
		return nil // It was not to be seen before.
	}
	return tx.Emit(&busv1.AccountStateChanged{UserId: target.ID})
}

// enter makes an account active.
func enter(ctx context.Context, tx *store.Tx, target *ent.Account) error {
	if err := tx.Account.UpdateOneID(target.ID).SetState(auth.StateActive).Exec(ctx); err != nil {
		return err
	}
	return tx.Emit(&busv1.AccountStateChanged{UserId: target.ID, Active: true})
}

// admitted lets somebody who has proved who they are in, and answers their account, which stays as it is until the
// transaction ends. Whoever has deactivated their account is back by that; who is suspended is not let in.
func admitted(ctx context.Context, tx *store.Tx, userID int64) (*ent.Account, error) {
	row, err := tx.ShareAccount(ctx, userID)
	if err != nil {
		return nil, err
	}
	switch row.State {
	case auth.StateActive:
		return row, nil
	case auth.StateDeactivated:
		audit.RecordBy(ctx, tx, audit.AccountReactivated, userID, userID, nil)
		return row, enter(ctx, tx, row)
	case auth.StateSuspended:
		return nil, rpc.Fail(errorsv1.Reason_REASON_ACCOUNT_SUSPENDED, "this account is suspended: ask those who run this server")
	default:
		return nil, rpc.Fail(errorsv1.Reason_REASON_CREDENTIALS_INVALID, "login and password do not fit together")
	}
}

// hintsConsumer tells all processes of people who are not what they were: at the time of the change the process that made
// it may have had no connection, as a command has none.
func hintsConsumer(hints *bus.Hints) bus.Consumer {
	return bus.Consumer{
		Name:   "identity.hints",
		Events: []proto.Message{&busv1.AccountStateChanged{}, &busv1.HandleChanged{}, &busv1.AccountDeleted{}},
		Prepare: func(_ context.Context, events []bus.Event) error {
			people := make([]int64, len(events))
			for i, event := range events {
				people[i] = event.AggregateID
			}
			hints.Announce(bus.PersonChanged, people...)
			return nil
		},
	}
}
