package identity

import (
	"context"
	"fmt"
	"strconv"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent/predicate"
	entsession "github.com/pulse-social/pulse/ent/session"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/audit"
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
	caller := auth.Caller(ctx)
	which := entsession.ID(caller.SessionID)
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.LogOutResponse, error) {
		audit.Record(ctx, tx, audit.AccountLoggedOut, caller.UserID, nil)
		_, err := revoke(ctx, tx, which)
		return &identityv1.LogOutResponse{}, err
	})
	return answer, h.ended(ctx, which, err)
}

// RevokeSession ends one of the caller's sessions.
func (h *handler) RevokeSession(ctx context.Context, req *identityv1.RevokeSessionRequest) (*identityv1.RevokeSessionResponse, error) {
	caller := auth.Caller(ctx)
	which := entsession.And(entsession.ID(req.GetSessionId()), entsession.UserID(caller.UserID))
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.RevokeSessionResponse, error) {
		revoked, err := revoke(ctx, tx, which)
		if err == nil && revoked == 0 {
			err = rpc.Fail(errorsv1.Reason_REASON_SESSION_NOT_FOUND, "you have no live session of that id")
		}
		audit.Record(ctx, tx, audit.SessionsRevoked, caller.UserID, audit.Details{"sessions": "1"})
		return &identityv1.RevokeSessionResponse{}, err
	})
	return answer, h.ended(ctx, which, err)
}

// RevokeAllSessions ends every session of the caller, or every other one.
func (h *handler) RevokeAllSessions(ctx context.Context, req *identityv1.RevokeAllSessionsRequest) (*identityv1.RevokeAllSessionsResponse, error) {
	caller := auth.Caller(ctx)
	which := entsession.UserID(caller.UserID)
	if req.GetKeepCurrent() {
		which = entsession.And(which, entsession.IDNEQ(caller.SessionID))
	}
	answer, err := store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.RevokeAllSessionsResponse, error) {
		revoked, err := revoke(ctx, tx, which)
		audit.Record(ctx, tx, audit.SessionsRevoked, caller.UserID, audit.Details{"sessions": strconv.Itoa(revoked)})
		return &identityv1.RevokeAllSessionsResponse{Revoked: int32(revoked)}, err
	})
	return answer, h.ended(ctx, which, err)
}

// revoke ends the live sessions among those that match, and answers how many.
func revoke(ctx context.Context, tx *store.Tx, which predicate.Session) (int, error) {
	rows, err := tx.Session.Query().Where(which, entsession.RevokedAtIsNil(), entsession.ExpiresAtGT(tx.Now)).All(ctx)
	if err != nil {
		return 0, fmt.Errorf("read sessions: %w", err)
	}
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
		if err := tx.Emit(&busv1.SessionRevoked{SessionId: row.ID, UserId: row.UserID}); err != nil {
			return 0, err
		}
	}
	revoked, err := tx.Session.Update().Where(entsession.IDIn(ids...), entsession.RevokedAtIsNil()).SetRevokedAt(tx.Now).Save(ctx)
	if err == nil && revoked != len(rows) {
		err = store.ErrRaceLost // Somebody else has ended some of them, and told of that.
	}
	return revoked, err
}

// ended makes sessions that were revoked just now useless everywhere; only then may the revocation be answered. It looks
// for them in the database, so that a call that is repeated because Redis was away does what the first could not.
func (h *handler) ended(ctx context.Context, which predicate.Session, err error) error {
	if err != nil {
		return err
	}
	ids, err := h.db.Session.Query().Where(which, entsession.RevokedAtGT(h.now().Add(-2*auth.LiveKept))).IDs(ctx)
	if err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	if err := h.sessions.End(ctx, ids...); err != nil {
		return rpc.Fail(errorsv1.Reason_REASON_UNAVAILABLE, "the session has ended, but some servers may not know for some seconds: try again to be sure").After(auth.LiveKept)
	}
	return nil
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
