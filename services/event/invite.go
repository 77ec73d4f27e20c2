package event

import (
	"cmp"
	"context"
	"fmt"
	"math"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/eventanswer"
	"github.com/pulse-social/pulse/ent/eventinvite"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	eventv1 "github.com/pulse-social/pulse/gen/pulse/event/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/people"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// maxInvites bounds how many people are invited to a meetup.
const maxInvites = 5000

// InviteToEvent invites people to a meetup.
func (h *handler) InviteToEvent(ctx context.Context, req *eventv1.InviteToEventRequest) (*eventv1.InviteToEventResponse, error) {
	caller := auth.Caller(ctx).UserID
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*eventv1.InviteToEventResponse, error) {
		row, err := h.holdAs(ctx, tx, caller, req.GetEventId(), coHost)
		if err != nil {
			return nil, err
		}
		if err := open(tx, row); err != nil {
			return nil, err
		}
		wanted, refused, err := h.invitable(ctx, tx, row, caller, id.Unique(req.GetUserIds()))
		if err != nil {
			return nil, err
		}
		return &eventv1.InviteToEventResponse{RefusedUserIds: refused}, invite(ctx, tx, row, caller, wanted)
	})
}

// invitable divides people into those whom somebody who hosts a meetup may invite to it, and others.
func (h *handler) invitable(ctx context.Context, tx *store.Tx, row *ent.Event, inviter int64, userIDs []int64) (wanted, refused []int64, err error) {
	policy := h.visibility.In(tx.Client)
	seen, err := policy.Users(ctx, inviter, userIDs)
	if err != nil {
		return nil, nil, err
	}
	across, err := policy.Across(ctx, inviter, userIDs)
	if err != nil {
		return nil, nil, err
	}
	acrossHost, err := policy.Across(ctx, row.HostID, userIDs)
	if err != nil {
		return nil, nil, err
	}
	for _, userID := range userIDs {
		if seen[userID] == nil || across[userID] || acrossHost[userID] || userID == row.HostID || userID == inviter {
			refused = append(refused, userID)
		} else {
			wanted = append(wanted, userID)
		}
	}
	return wanted, refused, nil
}

// invite writes invitations for those who have none.
func invite(ctx context.Context, tx *store.Tx, row *ent.Event, inviter int64, userIDs []int64) error {
	known, err := tx.EventInvite.Query().Where(eventinvite.EventID(row.ID), eventinvite.UserIDIn(userIDs...)).All(ctx)
	if err != nil {
		return fmt.Errorf("read invitations: %w", err)
	}
	invited := map[int64]bool{}
	for _, one := range known {
		invited[one.UserID] = true
	}
	var rows []*ent.EventInviteCreate
	for _, userID := range userIDs {
		if invited[userID] {
			continue
		}
		rows = append(rows, tx.EventInvite.Create().SetID(tx.NewID()).SetEventID(row.ID).SetUserID(userID).SetInviterID(inviter))
		if err := tx.Emit(&busv1.EventInvited{EventId: row.ID, UserId: userID, InviterId: inviter}); err != nil {
			return err
		}
	}
	if len(rows) == 0 {
		return nil
	}
	there, err := tx.EventInvite.Query().Where(eventinvite.EventID(row.ID)).Count(ctx)
	if err != nil {
		return fmt.Errorf("count invitations: %w", err)
	}
	if there+len(rows) > maxInvites {
		return rpc.Fail(errorsv1.Reason_REASON_TOO_MANY_INVITES, "%d people are invited, and may be %d at most", there, maxInvites).
			With("limit", maxInvites)
	}
	return tx.EventInvite.CreateBulk(rows...).Exec(ctx)
}

// WithdrawInvite takes an invitation back.
func (h *handler) WithdrawInvite(ctx context.Context, req *eventv1.WithdrawInviteRequest) (*eventv1.WithdrawInviteResponse, error) {
	caller := auth.Caller(ctx).UserID
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*eventv1.WithdrawInviteResponse, error) {
		answer := &eventv1.WithdrawInviteResponse{}
		row, err := h.holdAs(ctx, tx, caller, req.GetEventId(), coHost)
		if err != nil {
			return nil, err
		}
		gone, err := tx.EventInvite.Delete().Where(eventinvite.EventID(row.ID), eventinvite.UserID(req.GetUserId())).Exec(ctx)
		if err != nil || gone == 0 {
			return answer, err
		}
		return answer, tx.Emit(&busv1.EventInviteWithdrawn{EventId: row.ID, UserId: req.GetUserId()})
	})
}

// ListInvites lists who was invited to a meetup, the latest first.
func (h *handler) ListInvites(ctx context.Context, req *eventv1.ListInvitesRequest) (*eventv1.ListInvitesResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	caller := auth.Caller(ctx).UserID
	row, err := visible(ctx, h.visibility, caller, req.GetEventId())
	if err != nil {
		return nil, err
	}
	if err := requireRole(ctx, h.db.Client, row, caller, coHost); err != nil {
		return nil, err
	}
	rows, err := h.db.EventInvite.Query().Where(
		eventinvite.EventID(row.ID), eventinvite.IDLT(cmp.Or(cursor.After, math.MaxInt64)),
		visibility.SeenPersonIn(caller, eventinvite.FieldUserID), visibility.NotAcrossIn(caller, eventinvite.FieldUserID),
	).Order(eventinvite.ByID(entsql.OrderDesc())).Limit(cursor.Size + 1).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read invitations: %w", err)
	}
	listed := &eventv1.ListInvitesResponse{}
	if len(rows) > cursor.Size {
		rows = rows[:cursor.Size]
		listed.NextPageToken = cursor.Token(rows[cursor.Size-1].ID, page.Onward)
	}
	userIDs := make([]int64, len(rows))
	for i, one := range rows {
		userIDs[i] = one.UserID
	}
	users, err := people.Summaries(ctx, h.db, caller, userIDs)
	if err != nil {
		return nil, err
	}
	answers, err := h.answersOf(ctx, row.ID, userIDs)
	if err != nil {
		return nil, err
	}
	listed.Invites = linesOf(userIDs, users, func(i int, user *userv1.UserSummary) *eventv1.Invite {
		return &eventv1.Invite{User: user, CreateTime: timestamppb.New(id.Time(rows[i].ID)), Answer: answers[user.GetId()]}
	})
	return listed, nil
}

// answersOf answers what people answered to a meetup.
func (h *handler) answersOf(ctx context.Context, eventID int64, userIDs []int64) (map[int64]eventv1.Answer, error) {
	rows, err := h.db.EventAnswer.Query().Where(eventanswer.EventID(eventID), eventanswer.UserIDIn(userIDs...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read answers: %w", err)
	}
	answers := make(map[int64]eventv1.Answer, len(rows))
	for _, row := range rows {
		answers[row.UserID] = eventv1.Answer(row.Answer)
	}
	return answers, nil
}
