package event

import (
	"context"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/eventcohost"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// maxCoHosts bounds how many help to host a meetup.
const maxCoHosts = 20

// AddCoHost makes somebody a co-host.
func (h *handler) AddCoHost(ctx context.Context, req *eventv1.AddCoHostRequest) (*eventv1.AddCoHostResponse, error) {
	caller := auth.Caller(ctx).UserID
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*eventv1.AddCoHostResponse, error) {
		row, err := h.holdAs(ctx, tx, caller, req.GetEventId(), host)
		if err != nil {
			return nil, err
		}
		if err := notCancelled(row); err != nil {
			return nil, err
		}
		return &eventv1.AddCoHostResponse{Event: toProto(row)}, h.addCoHost(ctx, tx, row, req.GetUserId())
	})
	if err != nil {
		return nil, err
	}
	answer.Event, err = h.refreshed(ctx, caller, answer.GetEvent())
	return answer, err
}

// addCoHost writes that somebody helps, unless they do.
func (h *handler) addCoHost(ctx context.Context, tx *store.Tx, row *ent.Event, userID int64) error {
	policy := h.visibility.In(tx.Client)
	_, err := policy.User(ctx, row.HostID, userID)
	if store.IsNotFound(err) {
		return rpc.Fail(errorsv1.Reason_REASON_USER_NOT_FOUND, "there is no such person")
	}
	if err != nil || userID == row.HostID {
		return err
	}
	across, err := policy.Across(ctx, row.HostID, []int64{userID})
	if err != nil {
		return err
	}
	if across[userID] {
		return rpc.Fail(errorsv1.Reason_REASON_USER_BLOCKED, "you block this person: unblock them first")
	}
	helpers, err := tx.EventCoHost.Query().Where(eventcohost.EventID(row.ID)).All(ctx)
	if err != nil {
		return err
	}
	for _, one := range helpers {
		if one.UserID == userID {
			return nil
		}
	}
	if len(helpers) >= maxCoHosts {
		return rpc.Fail(errorsv1.Reason_REASON_TOO_MANY_CO_HOSTS, "the meetup has %d co-hosts, as many as it may: remove one first", len(helpers)).
			With("limit", maxCoHosts)
	}
	if err := tx.EventCoHost.Create().SetID(tx.NewID()).SetEventID(row.ID).SetUserID(userID).Exec(ctx); err != nil {
		return err
	}
	return tx.Emit(&busv1.EventInvited{EventId: row.ID, UserId: userID, InviterId: row.HostID})
}

// RemoveCoHost makes a co-host nobody special again.
func (h *handler) RemoveCoHost(ctx context.Context, req *eventv1.RemoveCoHostRequest) (*eventv1.RemoveCoHostResponse, error) {
	caller := auth.Caller(ctx).UserID
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*eventv1.RemoveCoHostResponse, error) {
		least := host
		if req.GetUserId() == caller {
			least = coHost
		}
		row, err := h.holdAs(ctx, tx, caller, req.GetEventId(), least)
		if err != nil {
			return nil, err
		}
		return &eventv1.RemoveCoHostResponse{}, dismiss(ctx, tx, row.ID, req.GetUserId())
	})
}

// dismiss has somebody help no more.
func dismiss(ctx context.Context, tx *store.Tx, eventID, userID int64) error {
	gone, err := tx.EventCoHost.Delete().Where(eventcohost.EventID(eventID), eventcohost.UserID(userID)).Exec(ctx)
	if err != nil || gone == 0 {
		return err
	}
	return tx.Emit(&busv1.EventInviteWithdrawn{EventId: eventID, UserId: userID})
}
