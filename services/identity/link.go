package identity

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/credential"
	"github.com/pulse-social/pulse/ent/linkedidentity"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// LinkIdentity lets the caller sign in with an account at a provider. The addresses of the two need not be the same: the
// caller has proved that both are theirs.
func (h *handler) LinkIdentity(ctx context.Context, req *identityv1.LinkIdentityRequest) (*identityv1.LinkIdentityResponse, error) {
	userID := auth.Caller(ctx).UserID
	var who claims
	attempt, p, failure := h.useAttempt(ctx, req)
	switch {
	case failure != nil:
	case attempt.UserID != userID:
		failure = stateInvalid()
	default:
		who, failure = h.identify(ctx, attempt, req, p)
	}
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.LinkIdentityResponse, error) {
		if failure != nil {
			return nil, failure
		}
		taken, err := tx.LinkedIdentity.Query().Where(linkedidentity.Provider(attempt.Provider), linkedidentity.Subject(who.subject)).Exist(ctx)
		if err != nil {
			return nil, err
		}
		if taken {
			return nil, alreadyLinked()
		}
		row, err := link(ctx, tx, userID, attempt.Provider, who)
		if err != nil {
			return nil, err
		}
		audit.Record(ctx, tx, audit.IdentityLinked, userID, audit.Details{"provider": attempt.Provider})
		return &identityv1.LinkIdentityResponse{Identity: linkedToProto(row)}, notifyOwner(ctx, tx, mailLinked, userID)
	})
}

func alreadyLinked() error {
	return rpc.Fail(errorsv1.Reason_REASON_IDENTITY_ALREADY_LINKED, "this identity leads to an account already, or you have linked another one of the provider: unlink that first")
}

// UnlinkIdentity ends that the caller can sign in with an account at a provider.
func (h *handler) UnlinkIdentity(ctx context.Context, req *identityv1.UnlinkIdentityRequest) (*identityv1.UnlinkIdentityResponse, error) {
	userID := auth.Caller(ctx).UserID
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.UnlinkIdentityResponse, error) {
		if err := lockCredential(ctx, tx, userID); err != nil {
			return nil, err
		}
		removed, err := tx.LinkedIdentity.Delete().Where(linkedidentity.UserID(userID), linkedidentity.Provider(req.GetProvider())).Exec(ctx)
		if err != nil {
			return nil, err
		}
		if removed == 0 {
			return nil, rpc.Fail(errorsv1.Reason_REASON_LINKED_IDENTITY_NOT_FOUND, "you have linked no identity of %q", req.GetProvider())
		}
		if err := checkWayIn(ctx, tx, userID); err != nil {
			return nil, err
		}
		audit.Record(ctx, tx, audit.IdentityUnlinked, userID, audit.Details{"provider": req.GetProvider()})
		return &identityv1.UnlinkIdentityResponse{}, notifyOwner(ctx, tx, mailUnlinked, userID)
	})
}

// checkWayIn fails when nobody could sign in to an account.
func checkWayIn(ctx context.Context, tx *store.Tx, userID int64) error {
	secret, err := tx.Credential.Get(ctx, userID)
	if err != nil || secret.PasswordHash != "" {
		return err
	}
	left, err := tx.LinkedIdentity.Query().Where(linkedidentity.UserID(userID)).Exist(ctx)
	if err == nil && !left {
		err = rpc.Fail(errorsv1.Reason_REASON_LAST_WAY_IN, "without this identity nobody could sign in to the account: set a password or link another identity first")
	}
	return err
}

// lockCredential lets one transaction at a time change the ways into an account: of two that each remove one of the last
// two, the second sees what the first did.
func lockCredential(ctx context.Context, tx *store.Tx, userID int64) error {
	_, err := tx.ExecContext(ctx, "UPDATE "+credential.Table+" SET "+credential.FieldID+" = "+credential.FieldID+" WHERE "+credential.FieldID+" = $1", userID)
	return err
}

// ListLinkedIdentities lists the accounts at providers that the caller can sign in with, oldest first.
func (h *handler) ListLinkedIdentities(ctx context.Context, req *identityv1.ListLinkedIdentitiesRequest) (*identityv1.ListLinkedIdentitiesResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	rows, err := h.db.LinkedIdentity.Query().
		Where(linkedidentity.UserID(auth.Caller(ctx).UserID), linkedidentity.IDGT(cursor.After)).
		Order(linkedidentity.ByID()).Limit(cursor.Size + 1).All(ctx)
	if err != nil {
		return nil, err
	}
	answer := &identityv1.ListLinkedIdentitiesResponse{}
	if len(rows) > cursor.Size {
		rows = rows[:cursor.Size]
		answer.NextPageToken = cursor.Token(rows[cursor.Size-1].ID, page.Onward)
	}
	for _, row := range rows {
		answer.Identities = append(answer.Identities, linkedToProto(row))
	}
	return answer, nil
}

func linkedToProto(row *ent.LinkedIdentity) *identityv1.LinkedIdentity {
	return &identityv1.LinkedIdentity{Provider: row.Provider, Label: row.Label, CreateTime: timestamppb.New(id.Time(row.ID))}
}
