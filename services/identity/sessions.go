package identity

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	entsession "github.com/pulse-social/pulse/ent/session"

	"github.com/pulse-social/pulse/ent/predicate"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// ListSessions lists the caller's live sessions, newest first.
func (h *handler) ListSessions(ctx context.Context, req *identityv1.ListSessionsRequest) (*identityv1.ListSessionsResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	caller := auth.Caller(ctx)
	query := h.db.Session.Query().
		Where(entsession.UserID(caller.UserID), entsession.RevokedAtIsNil(), entsession.ExpiresAtGT(h.now())).
		Order(entsession.ByID(entsql.OrderDesc())).Limit(cursor.Size + 1)
	if cursor.After != 0 {
		query.Where(entsession.IDLT(cursor.After))
	}
	rows, err := query.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	answer := &identityv1.ListSessionsResponse{}
	if len(rows) > cursor.Size {
		rows = rows[:cursor.Size]
		answer.NextPageToken = cursor.Token(rows[cursor.Size-1].ID, page.Onward)
	}
	for _, row := range rows {
		answer.Sessions = append(answer.Sessions, &identityv1.Session{
			Id: row.ID, DeviceName: row.DeviceName, Current: row.ID == caller.SessionID,
			CreateTime:  timestamppb.New(id.Time(row.ID)),
			RefreshTime: timestamppb.New(row.RefreshedAt), ExpireTime: timestamppb.New(row.ExpiresAt),
		})
	}
	return answer, nil
}

// LogOut ends the session of the call.
func (h *handler) LogOut(ctx context.Context, _ *identityv1.LogOutRequest) (*identityv1.LogOutResponse, error) {
	_, err := h.endSessions(ctx, sessionOf(auth.Caller(ctx).SessionID))
	return &identityv1.LogOutResponse{}, err
}

// RevokeSession ends one of the caller's sessions.
func (h *handler) RevokeSession(ctx context.Context, req *identityv1.RevokeSessionRequest) (*identityv1.RevokeSessionResponse, error) {
	ended, err := h.endSessions(ctx, entsession.And(sessionOf(req.GetSessionId()), entsession.UserID(auth.Caller(ctx).UserID)))
	if err == nil && ended == 0 {
		err = rpc.Fail(errorsv1.Reason_REASON_SESSION_NOT_FOUND, "you have no live session of that id")
	}
	return &identityv1.RevokeSessionResponse{}, err
}

// RevokeAllSessions ends every session of the caller, or every other one.
func (h *handler) RevokeAllSessions(ctx context.Context, req *identityv1.RevokeAllSessionsRequest) (*identityv1.RevokeAllSessionsResponse, error) {
	caller := auth.Caller(ctx)
	which := entsession.UserID(caller.UserID)
	if req.GetKeepCurrent() {
		which = entsession.And(which, entsession.IDNEQ(caller.SessionID))
	}
	ended, err := h.endSessions(ctx, which)
	return &identityv1.RevokeAllSessionsResponse{Revoked: int32(ended)}, err
}

func sessionOf(sessionID int64) predicate.Session { return entsession.ID(sessionID) }

// endSessions ends the live sessions among those that match, and answers how many. When it returns, no call with their
// tokens succeeds any more. Ends are told again by an event, for a Redis that was away.
func (h *handler) endSessions(ctx context.Context, which predicate.Session) (int, error) {
	var ended []int64
	err := h.db.Write(ctx, func(tx *store.Tx) error {
		rows, err := tx.Session.Query().Where(which, entsession.RevokedAtIsNil()).All(ctx)
		if err != nil {
			return fmt.Errorf("read sessions: %w", err)
		}
		ended = nil
		for _, row := range rows {
			ended = append(ended, row.ID)
			if err := tx.Emit(&busv1.SessionRevoked{SessionId: row.ID, UserId: row.UserID}); err != nil {
				return err
			}
		}
		return tx.Session.Update().Where(entsession.IDIn(ended...)).SetRevokedAt(tx.Now).Exec(ctx)
	})
	if err != nil {
		return 0, err
	}
	if err := h.sessions.End(ctx, ended...); err != nil {
		return 0, rpc.Fail(errorsv1.Reason_REASON_UNAVAILABLE, "the session has ended, but some servers may not know for some seconds: try again to be sure").After(auth.LiveKept)
	}
	return len(ended), nil
}

// consumers tell Redis of ended sessions once more: at the time of the call it may have been away, and have come back
// with what it knew before.
func consumers(sessions *auth.Sessions) []bus.Consumer {
	return []bus.Consumer{{
		Name:   "identity.sessions",
		Events: []proto.Message{&busv1.SessionRevoked{}},
		Prepare: func(ctx context.Context, events []bus.Event) error {
			ended := make([]int64, len(events))
			for i, event := range events {
				ended[i] = event.AggregateID
			}
			return bus.Later(sessions.End(ctx, ended...))
		},
	}}
}
