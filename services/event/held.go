package event

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	entevent "github.com/pulse-social/pulse/ent/event"
	"github.com/pulse-social/pulse/ent/eventcohost"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// visible answers a meetup that the caller may see.
func visible(ctx context.Context, policy *visibility.Policy, caller, eventID int64) (*ent.Event, error) {
	found, err := policy.Event(ctx, caller, eventID)
	if store.IsNotFound(err) {
		return nil, noEvent()
	}
	return found, err
}

// holdRow answers a meetup whose row the transaction holds until it ends, whoever may see it; ent's not-found when it is gone.
func holdRow(ctx context.Context, tx *store.Tx, eventID int64) (*ent.Event, error) {
	query := tx.Event.Query().Where(entevent.ID(eventID))
	if tx.Store().IsPostgres() { // On SQLite all transactions come one after the other.
		query.ForUpdate()
	}
	return query.Only(ctx)
}

// hold is holdRow for a caller who may see the meetup.
func (h *handler) hold(ctx context.Context, tx *store.Tx, caller, eventID int64) (*ent.Event, error) {
	// Who does not see it must not keep those waiting who do.
	if _, err := visible(ctx, h.visibility.In(tx.Client), caller, eventID); err != nil {
		return nil, err
	}
	row, err := holdRow(ctx, tx, eventID)
	if store.IsNotFound(err) {
		return nil, noEvent()
	}
	return row, err
}

// A role is as what somebody hosts a meetup.
type role int

const (
	guest role = iota
	coHost
	host
)

// roleOf answers as what somebody hosts a meetup.
func roleOf(ctx context.Context, db *ent.Client, row *ent.Event, userID int64) (role, error) {
	if row.HostID == userID {
		return host, nil
	}
	helps, err := db.EventCoHost.Query().Where(eventcohost.EventID(row.ID), eventcohost.UserID(userID)).Exist(ctx)
	if err != nil || !helps {
		return guest, err
	}
	return coHost, nil
}

// requireRole refuses those who host a meetup as less than a role.
func requireRole(ctx context.Context, db *ent.Client, row *ent.Event, userID int64, least role) error {
	is, err := roleOf(ctx, db, row, userID)
	if err != nil || is >= least {
		return err
	}
	return roleRequired(least)
}

func roleRequired(least role) error {
	if least == host {
		return rpc.Fail(errorsv1.Reason_REASON_EVENT_HOST_REQUIRED, "only the host of the meetup can do this").With("role", "host")
	}
	return rpc.Fail(errorsv1.Reason_REASON_EVENT_HOST_REQUIRED, "only hosts of the meetup can do this").With("role", "co-host")
}

// holdAs is hold for those who host the meetup as a role or more.
func (h *handler) holdAs(ctx context.Context, tx *store.Tx, caller, eventID int64, least role) (*ent.Event, error) {
	row, err := h.hold(ctx, tx, caller, eventID)
	if err != nil {
		return nil, err
	}
	return row, requireRole(ctx, tx.Client, row, caller, least)
}

// notCancelled refuses what was cancelled.
func notCancelled(row *ent.Event) error {
	if row.Cancelled {
		return rpc.Fail(errorsv1.Reason_REASON_EVENT_IS_CANCELLED, "the meetup was cancelled")
	}
	return nil
}

// open refuses what was cancelled or is over.
func open(tx *store.Tx, row *ent.Event) error {
	if err := notCancelled(row); err != nil {
		return err
	}
	if !row.EndsAt.After(tx.Now) {
		return rpc.Fail(errorsv1.Reason_REASON_EVENT_IS_OVER, "the meetup is over")
	}
	return nil
}
