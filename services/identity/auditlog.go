package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/page"
)

// ListAuditRecords lists what has been accounted for, newest first.
func (a *admin) ListAuditRecords(ctx context.Context, req *identityv1.ListAuditRecordsRequest) (*identityv1.ListAuditRecordsResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	rows, err := audit.List(ctx, a.db, audit.Filter{
		SubjectID: req.GetSubjectId(), Action: req.GetAction(), Before: cursor.After, Limit: cursor.Size + 1,
	})
	if err != nil {
		return nil, err
	}
	answer := &identityv1.ListAuditRecordsResponse{}
	if len(rows) > cursor.Size {
		rows = rows[:cursor.Size]
		answer.NextPageToken = cursor.Token(rows[cursor.Size-1].ID, page.Onward)
	}
	for _, row := range rows {
		record := &identityv1.AuditRecord{
			Id: row.ID, CreateTime: timestamppb.New(row.At), Action: row.Action, ActorKind: row.ActorKind, ActorId: row.ActorID,
			SubjectId: row.SubjectID, RequestId: row.RequestID,
		}
		if err := json.Unmarshal([]byte(row.Details), &record.Details); err != nil {
			return nil, fmt.Errorf("audit record %d: %w", row.ID, err)
		}
		answer.AuditRecords = append(answer.AuditRecords, record)
	}
	return answer, nil
}

// IntrospectAccessToken tells a service whose token it was sent.
func (a *admin) IntrospectAccessToken(ctx context.Context, req *identityv1.IntrospectAccessTokenRequest) (*identityv1.IntrospectAccessTokenResponse, error) {
	principal, err := a.verifier.VerifyToken(ctx, req.GetAccessToken())
	if err == nil {
		principal.Role, err = a.verifier.CurrentRole(ctx, principal.UserID)
	}
	if errors.Is(err, auth.ErrToken) || errors.Is(err, auth.ErrRevoked) {
		return &identityv1.IntrospectAccessTokenResponse{}, nil
	}
	if err != nil {
		return nil, err
	}
	return &identityv1.IntrospectAccessTokenResponse{
		Active: true, UserId: principal.UserID, SessionId: principal.SessionID, Role: roleToProto(principal.Role),
	}, nil
}
